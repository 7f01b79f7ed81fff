"""Follow-ups mean what they mean after the questions before."""

import pytest

from apps.providers.analyst.answers.chart import DEFAULT_OVERLAYS
from apps.providers.analyst.composer import compose
from apps.providers.analyst.intents import read
from apps.providers.analyst.reading import Reading
from apps.providers.analyst.turn import Turn
from apps.providers.protocol import Message
from apps.providers.workflow.approvals import ASK, CLOSED


def read_after(question: str, *history: str) -> Reading:
    messages = [Message(role="user", content=earlier) for earlier in history]
    return read(question, tuple(messages))


@pytest.mark.parametrize(
    ("history", "question", "intent", "symbols"),
    [
        (("What's the price of AAPL?",), "and its stop?", "plan", ("AAPL",)),
        (("What's the price of AAPL?",), "show me the chart", "chart", ("AAPL",)),
        (("What's the price of AAPL?",), "is it overbought?", "indicators", ("AAPL",)),
        (("What's the price of AAPL?",), "where is support?", "levels", ("AAPL",)),
        (("chart TSLA",), "what about MSFT?", "chart", ("MSFT",)),
        (("levels for IBM",), "and GOOG?", "levels", ("GOOG",)),
        (("price of AAPL", "levels for IBM"), "same for NVDA please", "levels", ("NVDA",)),
        (("Compare AAPL and GOOG",), "what about MSFT?", "compare", ("AAPL", "MSFT")),
        (("price of AAPL",), "compare it with GOOG", "compare", ("AAPL", "GOOG")),
        (("trade plan for IBM",), "show me its chart", "chart", ("IBM",)),
        (("price of AAPL", "what is RSI?"), "and the stop?", "plan", ("AAPL",)),
        (("price of AAPL", "tell me a joke"), "and its levels?", "levels", ("AAPL",)),
        (("price of AAPL", "thanks"), "chart it", "chart", ("AAPL",)),
        (("where is the stop?",), "AAPL", "plan", ("AAPL",)),
        (("chart TSLA",), "over 2 years", "chart", ("TSLA",)),
        (("chart TSLA", "add RSI"), "remove RSI", "chart", ("TSLA",)),
        (("price of AAPL",), "what is a stop loss?", "knowledge", ()),
        (("price of AAPL",), "what's your philosophy?", "knowledge", ()),
        (("price of AAPL",), "how is the market?", "overview", ()),
        (("price of AAPL",), "NVDA", "quote", ("NVDA",)),
        (("price of AAPL",), "should I buy?", "plan", ("AAPL",)),
        (("price of AAPL",), "what should I buy", "out_of_scope", ()),
        (("price of AAPL",), "what's the weather", "out_of_scope", ()),
    ],
)
def test_a_follow_up_leans_on_what_was_asked(
    history: tuple[str, ...], question: str, intent: str, symbols: tuple[str, ...]
) -> None:
    reading = read_after(question, *history)
    assert (reading.intent, reading.symbols) == (intent, symbols)


@pytest.mark.parametrize("question", ["why?", "Why is that?", "how come?", "explain", "tell me more"])
def test_why_asks_for_the_reasons_of_the_last_answer(question: str) -> None:
    reading = read_after(question, "trade plan for IBM")
    assert (reading.intent, reading.topic, reading.symbols) == ("plan", "why", ("IBM",))


@pytest.mark.parametrize("question", ["why that stop", "why is the entry there?", "so why this target", "why long?"])
def test_why_of_one_part_asks_for_reasons_and_not_for_a_new_plan(question: str) -> None:
    reading = read_after(question, "long plan for IBM at 200")
    assert (reading.intent, reading.topic, reading.symbols) == ("plan", "why", ("IBM",))
    assert (reading.parameters.direction, reading.parameters.entry) == ("long", 200)


def test_why_alone_is_asked_back_or_declined() -> None:
    assert read_after("why?").intent in {"clarify", "out_of_scope"}


def test_only_the_persons_own_words_count() -> None:
    history = (
        Message(role="user", content="price of AAPL"),
        Message(role="assistant", content="NVDA is the better one, ask me about TSLA."),
    )
    assert read("and its stop?", history).symbols == ("AAPL",)


def test_a_timeframe_alone_changes_the_chart() -> None:
    assert read_after("over 2 years", "chart TSLA 6 months").parameters.timeframe == "2Y"


def test_figures_alone_change_the_plan() -> None:
    reading = read_after("with a $25k account and 2% risk", "short plan for TSLA")
    found = reading.parameters
    assert (reading.intent, found.account, found.risk_pct, found.direction) == ("plan", 25_000, 2, "short")


@pytest.mark.parametrize("question", ["how many shares can I get?", "where is the target?", "what's the entry"])
def test_a_question_on_the_plan_keeps_its_direction_and_prices(question: str) -> None:
    reading = read_after(question, "should I buy NVDA?", "move the stop to 300")
    assert (reading.intent, reading.symbols) == ("plan", ("NVDA",))
    assert (reading.parameters.direction, reading.parameters.stop) == ("long", 300)


def test_an_order_after_a_plan_is_still_an_order() -> None:
    assert read_after("ok buy it", "trade plan for IBM").topic == "order"
    assert read_after("short TSLA plan").topic == ""


@pytest.mark.parametrize("question", ["which one is better", "so which was riskier?", "who won"])
def test_which_of_them_goes_back_to_the_comparison(question: str) -> None:
    reading = read_after(question, "Compare AAPL and GOOG over 2 years")
    assert (reading.intent, reading.symbols) == ("compare", ("AAPL", "GOOG"))
    assert reading.parameters.timeframe == "2Y"


def test_a_new_direction_drops_the_prices_of_the_old_one() -> None:
    found = read_after("and short?", "long TSLA at 200 stop 190").parameters
    assert (found.direction, found.entry, found.stop) == ("short", None, None)


def test_account_and_risk_hold_for_the_plans_that_follow() -> None:
    found = read_after("where would you enter IBM", "plan AAPL with a $25k account and 2% risk").parameters
    assert (found.account, found.risk_pct) == (25_000, 2)


def test_a_price_of_one_symbol_does_not_reach_another() -> None:
    found = read_after("what about MSFT?", "buy AAPL at 425 stop 410").parameters
    assert (found.entry, found.stop) == (None, None)


def test_what_is_added_to_a_chart_stands_beside_what_was_drawn_and_can_be_taken_off() -> None:
    added = read_after("add RSI", "show me MSFT 6M")
    assert added.parameters.indicators == (*DEFAULT_OVERLAYS, "rsi_14")
    removed = read_after("remove RSI", "show me MSFT 6M", "add RSI", "make it 1Y")
    assert (removed.parameters.timeframe, removed.parameters.indicators) == ("1Y", DEFAULT_OVERLAYS)


@pytest.mark.parametrize("question", ["yes", "Yes, please", "no", "cancel it"])
def test_an_answer_to_a_preview_that_nobody_holds_is_told_that_nothing_was_done(question: str) -> None:
    preview = (
        Message(role="user", content="buy 10 IBM at 200"),
        Message(role="assistant", content=f"**Preview of what you ask for.**\n\n{ASK}"),
    )
    reading = read(question, preview)
    assert list(compose(Turn(reading=reading))) == [CLOSED]
    assert list(compose(Turn(reading=read(question, preview[:1])))) != [CLOSED]


@pytest.mark.parametrize("question", ["what if I use 2%?", "and 2 percent?", "make it 2% please", "2%"])
def test_a_percentage_alone_after_a_plan_is_its_risk(question: str) -> None:
    reading = read_after(question, "plan IBM with a $25k account and 1% risk")
    assert (reading.intent, reading.symbols) == ("plan", ("IBM",))
    assert (reading.parameters.account, reading.parameters.risk_pct) == (25_000, 2)
    assert read_after("a 2% stop", "trade plan for IBM").parameters.risk_pct is None
