"""What the analyst emits: every call with its result, text piece by piece, facts in order, and one end."""

import asyncio
import re
from types import SimpleNamespace

import pytest
from django.conf import LazySettings

from apps.providers import registry
from apps.providers.events import Done, Meta, Text, ToolCall, ToolResult, Usage
from apps.providers.protocol import Message
from apps.providers.sidecar import INTENTS, Sidecar
from tests.providers.asking import SYMBOLS, ask

QUESTIONS = (
    "What's the price of AAPL?",
    "chart TSLA 6 months",
    "indicators of IBM",
    "levels of NVDA",
    "trade plan for SPY",
    "Compare AAPL and GOOG",
    "news on META",
    "How is the market?",
    "what is RSI?",
    "hello",
    "where is the stop?",
    "write a poem",
)


def test_the_analyst_is_registered_and_always_available() -> None:
    assert registry.get_provider("analyst").name == "analyst"
    assert registry.why_unavailable("analyst") is None


async def test_these_questions_cover_every_intent() -> None:
    assert {(await ask(question)).sidecar["intent"] for question in QUESTIONS} == set(INTENTS)


@pytest.mark.parametrize("question", QUESTIONS)
async def test_events_come_in_order(question: str) -> None:
    answer = await ask(question)
    kinds = [type(event) for event in answer.events]
    assert kinds[:2] == [Meta, Usage]
    assert kinds[-1] is Done
    assert kinds.count(Done) == kinds.count(Usage) == 1
    calls = [event for event in answer.events if isinstance(event, ToolCall | ToolResult)]
    for call, result in zip(calls[::2], calls[1::2], strict=True):
        assert isinstance(call, ToolCall)
        assert isinstance(result, ToolResult)
        assert (call.call_id, call.name) == (result.call_id, result.name)
    assert len({call.call_id for call in answer.calls}) == len(answer.calls)
    assert Text in kinds
    usage = answer.events[1]
    assert usage == Usage(tokens_input=0, tokens_output=0, cost_usd=0.0, price_version="free")
    done = answer.events[-1]
    assert isinstance(done, Done)
    assert (done.provider, done.model) == ("analyst", "analyst-1")
    assert set(done.sidecar) == set(Sidecar(intent="quote").as_json())
    meta = answer.events[0]
    assert isinstance(meta, Meta)
    assert meta.data["intent"] == done.sidecar["intent"]


async def test_an_answer_streams_paragraph_by_paragraph() -> None:
    answer = await ask("trade plan for IBM")
    pieces = [event.content for event in answer.events if isinstance(event, Text)]
    assert len(pieces) >= 5
    assert all(piece.startswith("\n\n") for piece in pieces[1:])
    assert not pieces[0].startswith("\n")


async def test_a_pace_in_the_settings_slows_the_pieces(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def remember(seconds: float) -> None:
        slept.append(seconds)

    settings.ANALYST_PACE_MS = 40
    # The provider's own name for it: a server that another test left running goes on sleeping as it does.
    patched = SimpleNamespace(sleep=remember, to_thread=asyncio.to_thread)
    monkeypatch.setattr("apps.providers.analyst.provider.asyncio", patched)
    answer = await ask("hello")
    assert slept == [0.04] * len([event for event in answer.events if isinstance(event, Text)])


@pytest.mark.parametrize("question", QUESTIONS)
async def test_facts_are_found_in_the_text_in_their_order(question: str) -> None:
    answer = await ask(question)
    position = 0
    for fact in answer.sidecar["facts"]:
        found = re.compile(rf"(?<![\w.,]){re.escape(fact['text'])}(?![\w])").search(answer.text, position)
        assert found, fact
        position = found.end()
    assert [fact["id"] for fact in answer.sidecar["facts"]] == [
        f"f{number}" for number in range(1, len(answer.sidecar["facts"]) + 1)
    ]


@pytest.mark.parametrize("symbol", SYMBOLS)
async def test_each_fact_leads_to_its_value(symbol: str) -> None:
    answer = await ask(f"trade plan for {symbol}")
    for fact in answer.sidecar["facts"]:
        value = answer.results[fact["call_id"]]
        for part in fact["path"].split("."):
            value = value[int(part)] if isinstance(value, list) else value[part]
        if isinstance(value, int | float):
            digits = fact["text"].replace(",", "").replace("−", "-").rstrip(" %")
            assert float(digits) in (pytest.approx(value), pytest.approx(abs(value)))


@pytest.mark.parametrize(
    ("question", "indicators", "roles"),
    [
        ("Show me the IBM chart", ["sma_50", "sma_200"], set()),
        ("IBM chart with RSI", ["rsi_14"], set()),
        ("What's the MACD of IBM?", ["macd"], set()),
        ("levels of IBM", ["sma_50", "sma_200"], {"support", "resistance", "entry"}),
        ("META chart", ["sma_50"], set()),
    ],
)
async def test_a_chart_shows_what_was_asked_for(question: str, indicators: list[str], roles: set[str]) -> None:
    answer = await ask(question)
    (chart,) = answer.sidecar["charts"]
    assert chart["indicators"] == indicators
    assert {line["role"] for line in chart["lines"]} == roles
    assert answer.results[chart["call_id"]]["bars"]


@pytest.mark.parametrize(
    "question", ["What's the price of IBM?", "Compare AAPL and GOOG", "How is the market?", "hello"]
)
async def test_other_answers_draw_no_chart(question: str) -> None:
    assert (await ask(question)).sidecar["charts"] == []


@pytest.mark.parametrize("question", QUESTIONS)
async def test_the_same_question_gives_the_same_answer(question: str) -> None:
    first, second = await ask(question), await ask(question)
    assert (first.text, first.sidecar) == (second.text, second.sidecar)


async def test_every_source_is_listed_once() -> None:
    sources = (await ask("trade plan for TSLA")).sidecar["sources"]
    assert [(source["kind"], source["symbol"]) for source in sources] == [("simulated", "TSLA")]


@pytest.mark.parametrize(
    "question",
    [
        "",
        "   ",
        "?",
        "…",
        "AAPL" * 2000,
        "<script>alert(1)</script>",
        "$$$ %%% ###",
        "1 2 3",
        "\x00",
        "价格 AAPL",
        "🚀🚀🚀",
        # Texts that would keep a backtracking pattern busy for ever.
        "good morning " * 600 + "x",
        "and AAPL , and  AAPL " * 380 + "x",
        "what about " + "AAPL  " * 1000 + "x",
        "enter it " * 800,
        "AAPL stop is at " * 480,
        "why that why this " * 440,
        "1,1" * 2600,
        "((((" * 2000,
    ],
)
async def test_odd_input_still_gets_an_answer(question: str) -> None:
    assert (await ask(question)).text.strip()


@pytest.mark.parametrize("n_symbols", range(2, len(SYMBOLS) + 1))
@pytest.mark.parametrize(
    "template", ["compare {}", "price of {}", "show me the charts of {}", "trade plan for {}", "news on {}"]
)
async def test_any_number_of_symbols_gets_an_answer_that_hides_none(template: str, n_symbols: int) -> None:
    answer = await ask(template.format(", ".join(SYMBOLS[:n_symbols])))
    assert not [symbol for symbol in SYMBOLS[:n_symbols] if symbol not in answer.text]
    fetched = {call.arguments.get("symbol") for call in answer.calls}
    fetched |= {symbol for call in answer.calls for symbol in call.arguments.get("symbols", ())}
    assert set(answer.sidecar["symbols"]) <= fetched


async def test_markup_in_an_unknown_name_does_not_reach_the_answer() -> None:
    answer = await ask("price of <img src=x>")
    assert "<" not in answer.text


async def test_history_of_any_length_is_read() -> None:
    history = tuple(Message(role="user", content=f"price of {symbol}") for symbol in SYMBOLS[:10])
    assert (await ask("and its stop?", *(message.content for message in history))).sidecar["symbols"] == ["QQQ"]
