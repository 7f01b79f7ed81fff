"""Figures in free text lead to the tool values they repeat; those that repeat none are named."""

import time
from difflib import SequenceMatcher

import pytest

from apps.providers.analyst.ledger import Ledger
from apps.providers.notes.fact_links import record_facts, unverified
from tests.providers.analyst.test_grounding import QUESTIONS
from tests.providers.asking import SYMBOLS, ask

QUOTE = {
    "symbol": "AAPL",
    "name": "Apple Inc.",
    "close": 430.47,
    "previous_close": 441.4,
    "change_pct": -2.48,
    "low": 429.98,
    "market_status": "NYSE is closed until Monday 23 November, 09:30 ET.",
    "source": {"as_of": "2013-03-01", "label": "sample data to 1 Mar 2013"},
}
LEVELS = {
    "symbol": "AAPL",
    "name": "Apple Inc.",
    "close": 430.47,
    "support": [{"price": 429.98, "touches": 2, "last_touch": "2013-02-28", "reasons": ["low of 28 Feb 2013"]}],
    "resistance": [{"price": 484.94, "touches": 3, "last_touch": "2013-02-11", "reasons": []}],
}
PLAN = {
    "symbol": "AAPL",
    "name": "Apple Inc.",
    "close": 430.47,
    "entry": 429.98,
    "stop": 412.24,
    "targets": [{"price": 484.94, "reward_risk": 3.1}],
    "account": 25000.0,
    "risk_pct": 2.0,
    "shares": 28,
    "expires_sessions": 10,
}
IBM = {"symbol": "IBM", "name": "International Business Machines", "close": 202.91, "change_pct": -2.48}
BARS = {"symbol": "AAPL", "close": 430.47, "bars": [["2013-02-27", 448.43, 452.44, 440.65, 444.57, 20936410]]}
RESULTS = {"quote": QUOTE, "levels": LEVELS, "plan": PLAN, "ibm": IBM, "bars": BARS}


def links(answer: str) -> list[tuple[str, str]]:
    """Each linked figure with the place it leads to: "plan:stop"."""
    ledger = Ledger(results=dict(RESULTS))
    record_facts(answer, ledger)
    return [(fact.text, f"{fact.call_id}:{fact.path}") for fact in ledger.facts]


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        ("The stop is **$412.24**.", [("$412.24", "plan:stop")]),
        ("Entry: 429.98, stop-loss 412.24", [("429.98", "plan:entry"), ("412.24", "plan:stop")]),
        ("Nearest support is 429.98", [("429.98", "levels:support.0.price")]),
        ("The day's low was 429.98", [("429.98", "quote:low")]),
        ("Resistance at 484.94", [("484.94", "levels:resistance.0.price")]),
        ("Target: 484.94", [("484.94", "plan:targets.0.price")]),
        ("AAPL fell 2.48%, IBM fell 2.48 %", [("2.48%", "quote:change_pct"), ("2.48 %", "ibm:change_pct")]),
        ("Apple lost 2.5%", [("2.5%", "quote:change_pct")]),
        ("On March 1, 2013 AAPL closed at 430.47", [("March 1, 2013", "quote:source.as_of"), ("430.47", "bars:close")]),
        ("Tested on Feb 28", [("Feb 28", "levels:support.0.last_touch")]),
        ("| Stop | 412.24 |", [("412.24", "plan:stop")]),
        ("Buy 28 shares of a $25k account", [("28", "plan:shares"), ("$25k", "plan:account")]),
        ("Risking 2%.", [("2%", "plan:risk_pct")]),
        ("It lapses within 10 sessions.", [("10", "plan:expires_sessions")]),
        ("`430.47` and [430.47](https://example.com/202.91)", [("430.47", "bars:close")]),
        ("2 reasons, Target 1, the 50-day average, RSI(14) above 70, 3.1:1", [("3.1", "plan:targets.0.reward_risk")]),
        ("It was at 444.57 then.", []),
    ],
)  # fmt: skip
def test_a_figure_leads_to_the_value_that_its_words_name(answer: str, wanted: list[tuple[str, str]]) -> None:
    assert links(answer) == wanted


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        ("AAPL closed at 430.47, **−2.48%**, on March 1, 2013.", []),
        ("On 1 March AAPL held 429.98; in February 2013, and since 2013.", []),
        ("NYSE opens Monday, November 23 at 9:30 AM.", []),
        ("It opens at 4:00 PM.", ["4:00 PM"]),
        ("1. Entry 429.98\n2. Stop 412.24\n3. Targets: 484.94 (3.1:1)", []),
        ("Two ideas, 2 reasons; Support 1, S1, the 50/200-day cross, SMA 50, 52-week low, RSI (14) above 70", []),
        ("AAPL closed at 431.50.", ["431.50"]),
        ("The stop is 429.98.", ["429.98"]),
        ("RSI is 70, far from the 30 line.", ["70"]),
        ("On March 2, 2013 and 3 March it stood at $431.", ["March 2, 2013", "3 March", "$431"]),
        ("In 2011 it rose 12%, then 12% again.", ["2011", "12%"]),
        ("Buy 9 shares.", ["9"]),
        ("The 100-day average is above.", ["100"]),
        ("See https://example.com/2019/12345 for more.", []),
        ("`433.10` is a code span and still a figure.", ["433.10"]),
        ("You said $30,000 and 30 Jan 2012.", []),
    ],
)
def test_a_figure_that_nothing_holds_is_named_once(answer: str, wrong: list[str]) -> None:
    assert unverified(answer, RESULTS, "I have $30k since 30 January 2012") == wrong


@pytest.mark.parametrize("symbol", SYMBOLS)
async def test_the_analysts_own_words_are_linked_as_its_ledger_links_them(symbol: str) -> None:
    """By the words alone nearly every figure is found again, and none of them is doubted."""
    wanted = found = 0
    for question in (template.format(symbol) for template in QUESTIONS):
        answer = await ask(question)
        ledger = Ledger(results=dict(answer.results))
        record_facts(answer.text, ledger)
        before, after = [f["text"] for f in answer.sidecar["facts"]], [fact.text for fact in ledger.facts]
        matches = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
        wanted, found = wanted + len(before), found + sum(match.size for match in matches)
        assert unverified(answer.text, answer.results, question) == [], question
        for fact in ledger.facts:
            assert ledger.value(fact.call_id, fact.path) is not None
    assert found / wanted > 0.93, f"{found} of {wanted}"


async def test_a_false_figure_in_a_true_answer_is_named_and_not_linked() -> None:
    answer = await ask("What's the price of AAPL?")
    text = answer.text.replace("430.47", "431.50")
    ledger = Ledger(results=dict(answer.results))
    record_facts(text, ledger)
    assert unverified(text, answer.results, answer.question) == ["431.50"]
    assert "431.50" not in [fact.text for fact in ledger.facts]


def test_brackets_that_nothing_closes_take_no_longer_than_other_text() -> None:
    """A model that loops writes thousands of them; searched to the end each, they stop the process for a minute."""

    def seconds(text: str) -> float:
        started = time.perf_counter()
        unverified(text, {})
        return time.perf_counter() - started

    n_characters = 100_000
    assert seconds("[a](" * (n_characters // 4)) < 8 * seconds("- a " * (n_characters // 4)) + 0.5
