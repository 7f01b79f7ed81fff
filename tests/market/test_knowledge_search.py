"""The search is the same everywhere, costs nothing until it is used, and gives what the contract says."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from apps.market.knowledge.search import read_sections, search_knowledge
from apps.market.knowledge.words import stem, tokens

ROOT = Path(__file__).parents[2]
QUESTION = "Where do I place the stop of a trade, and how far away?"


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )


def test_a_passage_is_a_section_as_it_is_written() -> None:
    knowledge = search_knowledge("What does 'Load the Boat' mean?")
    [section] = [section for section in read_sections() if section.heading == "LTB: Load the Boat"]
    first = knowledge.passages[0]
    assert knowledge.query == "What does 'Load the Boat' mean?"
    assert (first.file, first.title, first.heading) == ("levels.md", "Price levels", "LTB: Load the Boat")
    assert first.text == section.text
    assert first.text.startswith("LTB, short for")


def test_passages_come_best_first_and_no_more_than_asked_for() -> None:
    passages = search_knowledge("stop order", limit=5).passages
    assert len(passages) == 5
    assert [passage.score for passage in passages] == sorted((passage.score for passage in passages), reverse=True)
    assert passages[-1].score > 0
    assert search_knowledge("stop order", limit=2).passages == passages[:2]
    assert search_knowledge("stop order", limit=0).passages == []
    assert len(search_knowledge("stop order").passages) == 3


@pytest.mark.parametrize("query", ["", " ", "???", "what is the", "\x00", "é", "stop " * 5000, "<script>", "\ud800"])
def test_any_text_is_a_question(query: str) -> None:
    assert search_knowledge(query).query == query


def test_another_process_with_other_hashes_gives_the_same_answer() -> None:
    code = (
        "import dataclasses, json; from apps.market.knowledge.search import search_knowledge; "
        f"print(json.dumps(dataclasses.asdict(search_knowledge({QUESTION!r}, limit=9))))"
    )
    answers = [json.loads(run_python(code, PYTHONHASHSEED=seed).stdout) for seed in ("1", "2")]
    assert answers[0] == answers[1]
    assert len(answers[0]["passages"]) > 1


def test_importing_costs_no_library_and_searching_prints_nothing() -> None:
    code = (
        "import logging, os, sys; logging.basicConfig(level=0); before = sorted(os.listdir('.'))\n"
        "from apps.market.knowledge.search import search_knowledge; assert 'bm25s' not in sys.modules\n"
        "assert 'numpy' not in sys.modules; search_knowledge('stop'); assert 'bm25s' in sys.modules\n"
        "assert sorted(os.listdir('.')) == before"
    )
    run = run_python(code, PYTHONDONTWRITEBYTECODE="1")
    assert run.stdout == run.stderr == ""


def test_threads_search_at_once() -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: search_knowledge(QUESTION), range(40)))
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("moving averages", "SMA"),
        ("exponential moving average", "EMA"),
        ("the 200-day moving average", "SMA200"),
        ("take profit", "price targets"),
        ("load the boat", "LTB"),
        ("stop-losses", "a stop"),
        ("risk/reward", "reward to risk"),
        ("relative strength index", "RSI"),
        ("position sizes", "sizing positions"),
        ("What's a gap?", "gaps"),
        ("hedged", "hedging"),
        ("overconfident", "overconfidence"),
        ("expire", "expiry"),
        ("don’t", "don't"),
    ],
)
def test_two_ways_to_say_a_thing_are_one(one: str, other: str) -> None:
    assert sorted(tokens(one)) == sorted(tokens(other))


@pytest.mark.parametrize(
    ("one", "other"), [("gas", "gap"), ("string", "str"), ("loss", "los"), ("index", "in"), ("bring", "bred")]
)
def test_words_that_only_look_alike_stay_apart(one: str, other: str) -> None:
    assert stem(one) != stem(other)
