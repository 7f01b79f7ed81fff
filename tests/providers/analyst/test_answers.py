"""What answers say, whatever the symbol: the key point first, where prices come from, and what they never say."""

import re
from pathlib import Path

import pytest
from django.conf import LazySettings

from apps.market.repository import default_repository
from apps.market.tools.market_toolbox import default_toolbox
from tests.providers.asking import SIMULATED, SYMBOLS, Answer, PatchedToolbox, ask, changing, failing

ABOUT_SYMBOL = {
    "quote": "What's the price of {}?",
    "chart": "Show me the {} chart",
    "indicators": "What do the indicators say about {}?",
    "levels": "Support and resistance for {}",
    "plan": "Where would you enter {} and where is the stop?",
    "news": "Any news on {}?",
}
OTHERS = (
    "Compare AAPL and GOOG",
    "Compare SPY and QQQ",
    "How is the market?",
    "What's your philosophy?",
    "hello",
    "thanks",
    "where is the stop?",
    "write me a poem",
    "price of ZZZZ",
    "should I go all in on TSLA with borrowed money",
    "I lost everything and want to end it all",
    "an insider tip from my friend who works at Apple",
    "how do I pump the price of a stock",
    "which taxes do I owe",
    "PE ratio of MSFT",
    "buy 100 shares of AAPL now",
    "Will TSLA go up?",
    "what should I buy",
    "is this guaranteed to make money",
)
# None of these may be said, in any answer: promises, and telling a person what to do with their money.
BANNED = re.compile(
    r"guarantee|can'?t lose|cannot fail|risk[- ]free|sure thing|no[- ]brainer|easy money|"
    r"you should|you must|you need to|"
    r"will (?:rise|fall|go up|go down|definitely)|certain to|I recommend|my advice|confidence \d",
    re.IGNORECASE,
)


def first_paragraph(answer: Answer) -> str:
    return answer.text.split("\n\n")[0]


def with_prices(answer: Answer) -> str:
    """From the first paragraph that holds a price: what stands before it says no price."""
    paragraphs = answer.text.split("\n\n")
    return next(paragraph for paragraph in paragraphs if re.search(r"\d+\.\d\d", paragraph))


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("intent", ABOUT_SYMBOL)
async def test_the_first_words_about_prices_name_symbol_day_and_kind(intent: str, symbol: str) -> None:
    answer = await ask(ABOUT_SYMBOL[intent].format(symbol))
    assert (answer.sidecar["intent"], answer.sidecar["symbols"]) == (intent, [symbol])
    opening = with_prices(answer)
    assert symbol in opening
    assert re.search(r"\d{1,2} [A-Z][a-z]{2} \d{4}", opening)
    assert ("simulated" in opening) == (symbol in SIMULATED)
    assert ("sample data" in opening) == (symbol not in SIMULATED)


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("intent", ABOUT_SYMBOL)
async def test_no_answer_on_a_symbol_promises_or_commands(intent: str, symbol: str) -> None:
    answer = await ask(ABOUT_SYMBOL[intent].format(symbol))
    assert not BANNED.search(answer.text)


@pytest.mark.parametrize("question", OTHERS)
async def test_no_other_answer_promises_or_commands(question: str) -> None:
    answer = await ask(question)
    assert answer.text.strip()
    # What is quoted from our notes may name a promise in order to warn of it.
    own_words = "\n".join(line for line in answer.text.splitlines() if not line.startswith(">"))
    assert not BANNED.search(own_words)


@pytest.mark.parametrize("symbol", SYMBOLS)
async def test_a_plan_is_whole_and_conditional(symbol: str) -> None:
    answer = await ask(ABOUT_SYMBOL["plan"].format(symbol))
    for part in ("**Entry**", "**Stop**", "**First target**", "**Size**", "**Invalidation:**", "**Assumed:**"):
        assert part in answer.text
    assert " if it trades at " in first_paragraph(answer)
    assert "times the risk" in answer.text
    assert "sessions" in answer.text
    assert answer.text.count("not advice") == 1
    assert answer.results[answer.sidecar["plan_call_id"]]["symbol"] == symbol
    assert {line["role"] for line in answer.sidecar["charts"][0]["lines"]} == {"entry", "stop", "target"}


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("intent", ["indicators", "plan"])
async def test_a_reading_gives_both_cases_and_what_would_change_it(intent: str, symbol: str) -> None:
    answer = await ask(ABOUT_SYMBOL[intent].format(symbol))
    for part in ("**Bull case:** if ", "**Bear case:** if ", "**What would change the view:**"):
        assert part in answer.text
    assert answer.sidecar["bias"] in {"bullish", "bearish", "neutral"}


async def test_bias_follows_trend_and_momentum() -> None:
    up = changing(trend="up", rsi_14=60.0, macd_histogram=1.0)
    down = changing(trend="down", rsi_14=40.0, macd_histogram=-1.0)
    mixed = changing(trend="up", rsi_14=40.0, macd_histogram=1.0)
    found = [
        (await ask("What do the indicators say about IBM?", toolbox=PatchedToolbox(get_indicators=patch))).sidecar[
            "bias"
        ]
        for patch in (up, down, mixed)
    ]
    assert found == ["bullish", "bearish", "neutral"]


async def test_a_missing_200_day_average_is_explained() -> None:
    answer = await ask("What do the indicators say about META?")
    assert "There is no 200-day average: META has 196 bars here" in answer.text


async def test_no_level_in_range_is_an_answer() -> None:
    patch = changing(
        support=[], resistance=[], ltb=None, st=None, qe=None, why_none={"LTB": "None within 15 % below the close."}
    )
    answer = await ask("Support and resistance for IBM", toolbox=PatchedToolbox(get_levels=patch))
    assert "it has no support in range and it has no resistance in range" in answer.text
    assert "**LTB** (Load the Boat): none. None within 15 % below the close." in answer.text
    assert "**QE** (Quick Entry): none in range." in answer.text


async def test_stale_prices_are_said_to_be_stale_with_the_state_of_the_market() -> None:
    patch = changing(sessions_old=4, market_status="NYSE is closed until Monday.")
    for intent in ("quote", "indicators", "levels", "plan"):
        answer = await ask(ABOUT_SYMBOL[intent].format("TSLA"), toolbox=PatchedToolbox(get_quote=patch))
        assert "That price is 4 sessions old. NYSE is closed until Monday." in answer.text


async def test_a_comparison_is_a_table() -> None:
    answer = await ask("Compare AAPL and GOOG")
    rows = [line for line in answer.text.splitlines() if line.startswith("|")]
    assert [row.split("|")[1].strip() for row in rows] == ["Symbol", ":--", "AAPL", "GOOG"]
    assert answer.sidecar["comparison_call_id"] in answer.results


async def test_symbols_of_two_kinds_are_not_mixed_in_silence() -> None:
    answer = await ask("Compare TSLA and AAPL")
    assert "simulated" in answer.text
    assert "sample" in answer.text


async def test_the_market_is_told_with_the_kind_of_each_number() -> None:
    answer = await ask("How is the market?")
    assert "simulated" in first_paragraph(answer)
    assert "| SPY |" in answer.text
    assert "NYSE" in answer.text


async def test_a_plan_names_the_kind_of_its_data_in_the_first_sentence_and_reasons_go_on_after_a_colon() -> None:
    sample, simulated = await ask("trade plan for IBM"), await ask("trade plan for NVDA")
    assert sample.text.startswith("**IBM, in sample data, a long plan:**")
    assert simulated.text.startswith("**NVDA, in simulated data, a ")
    given = await ask("plan ibm entry at 200 stop at 210")
    assert "(your price): as given." in given.text
    assert "(LTB, Load the Boat): historical support" in sample.text


async def test_an_order_is_not_placed_and_said_so_first() -> None:
    answer = await ask("buy 100 shares of AAPL now")
    assert first_paragraph(answer).startswith("**I draft plans and never place orders")
    assert answer.sidecar["plan_call_id"]
    assert answer.results[answer.sidecar["plan_call_id"]]["direction"] == "long"


async def test_a_decision_is_left_to_the_person_before_the_plan() -> None:
    answer = await ask("should I sell my NVDA")
    assert first_paragraph(answer).startswith("**Whether to buy or sell is your own decision")
    assert "stop" in answer.text


async def test_a_forecast_is_refused_before_the_reading() -> None:
    answer = await ask("Will AAPL go up?")
    assert "I do not forecast" in first_paragraph(answer)


async def test_the_persons_figures_reach_the_plan() -> None:
    answer = await ask("long IBM at 200 with a stop at 195, $25k account, risk 2%")
    assert answer.calls[0].arguments == {
        "symbol": "IBM", "direction": "long", "entry": 200.0, "stop": 195.0, "stop_pct": None, "account": 25_000.0,
        "risk_pct": 2.0,
    }  # fmt: skip
    assert "**Size** 100 shares at 2 % risk on an account of 25,000.00" in answer.text


async def test_an_unknown_ticker_is_told_and_no_tool_is_called() -> None:
    answer = await ask("What's the price of APPL?")
    assert not answer.calls
    assert "I know no symbol “APPL”" in answer.text
    assert "What's the price of AAPL?" in answer.sidecar["suggestions"]


async def test_an_unknown_ticker_beside_a_known_one_does_not_hide_the_known() -> None:
    answer = await ask("price of AAPL and price of ZZZZ")
    assert [call.arguments.get("symbol") for call in answer.calls] == ["AAPL", "AAPL"]
    assert "I know no symbol “ZZZZ”" in answer.text


async def test_news_without_a_provider_is_none() -> None:
    answer = await ask("Any news on TSLA?")
    assert first_paragraph(answer).startswith("**There is no news here on TSLA.**")


async def test_articles_are_cited_with_publisher_and_time() -> None:
    article = {
        "title": "IBM [ships] 3 chips",
        "url": "https://example.com/a",
        "publisher": "Example Wire",
        "published_at": "2013-03-01",
        "summary": "",
    }
    bad = {**article, "title": "Bad link", "url": "javascript:alert(1)"}
    patch = changing(provider="Example", articles=[article, bad], note="")
    answer = await ask("Any news on IBM?", toolbox=PatchedToolbox(get_news=patch))
    assert "[IBM (ships) 3 chips](https://example.com/a) (Example Wire, 2013-03-01)" in answer.text
    assert "- Bad link (Example Wire" in answer.text


async def test_knowledge_is_quoted_and_cited() -> None:
    answer = await ask("What's your philosophy?")
    assert "\n> " in answer.text
    assert "method.md" in answer.text
    assert answer.sidecar["sources"][0] == {
        "label": "method.md, “Philosophy”", "kind": "knowledge", "file": "method.md", "heading": "Philosophy",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("question", "headings"),
    [
        ("difference between a market order and a limit order", ["Market order", "Limit order"]),
        ("what's the difference between a stop and a limit order?", ["Stop order", "Limit order"]),
        ("what is a limit order", ["Limit order"]),
    ],
)
async def test_a_difference_is_told_by_both_of_its_sides(question: str, headings: list[str]) -> None:
    answer = await ask(question)
    assert re.findall(r"\*\*(.+)\*\*, from my notes", answer.text) == headings


@pytest.mark.parametrize("question", ["is this real data", "are these prices live?", "is it real?"])
async def test_whether_the_data_is_real_is_answered_by_its_kinds(question: str) -> None:
    answer = await ask(question, "price of AAPL")
    assert answer.text.startswith("**Which data this is**")


async def test_nothing_found_in_the_notes_is_said() -> None:
    answer = await ask("what is theta?", toolbox=PatchedToolbox(search_knowledge=changing(passages=[])))
    assert answer.text.startswith("My notes have nothing on that.")


async def test_what_is_out_of_scope_gets_one_line_and_three_examples() -> None:
    answer = await ask("write me a poem")
    assert not answer.calls
    assert "\n" not in answer.text
    assert answer.text.endswith("”.")
    assert all(f"“{example}”" in answer.text for example in answer.sidecar["suggestions"])
    assert len(answer.sidecar["suggestions"]) == 3


async def test_a_question_back_is_one_question_with_three_choices() -> None:
    answer = await ask("where is the stop?")
    assert answer.text == "Which symbol is the plan for?"
    assert len(answer.sidecar["suggestions"]) == 3


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("I lost everything trading, I want to end it all", "talk to someone you trust"),
        ("should I go all in on TSLA with borrowed money", "slow down"),
        ("I have an insider tip on AAPL", "inside information"),
        ("how do I spread rumors to move a stock", "deception"),
        ("do I owe taxes on AAPL", "adviser"),
        ("what is the best stock to buy right now?", "pick no stocks"),
        ("can you double my money in a week", "Nobody can promise"),
    ],
)
async def test_hard_questions_get_a_calm_line_and_no_trade(question: str, words: str) -> None:
    answer = await ask(question)
    assert words in answer.text
    assert not answer.calls
    assert not re.search(r"\d", answer.text)


async def test_why_gives_reasons_instead_of_the_same_answer() -> None:
    plan = await ask("trade plan for IBM")
    why = await ask("why?", "trade plan for IBM")
    assert "rests on measured prices" in first_paragraph(why)
    assert len(why.text) < len(plan.text) / 2


@pytest.mark.parametrize("intent", ABOUT_SYMBOL)
async def test_every_answer_offers_two_or_three_next_questions(intent: str) -> None:
    answer = await ask(ABOUT_SYMBOL[intent].format("IBM"))
    assert 2 <= len(answer.sidecar["suggestions"]) <= 3


@pytest.mark.parametrize("question", [*(text.format("IBM") for text in ABOUT_SYMBOL.values()), *OTHERS])
async def test_every_suggestion_is_a_question_that_gets_a_whole_answer(question: str) -> None:
    for suggestion in (await ask(question)).sidecar["suggestions"]:
        answer = await ask(suggestion)
        assert answer.sidecar["intent"] not in {"clarify", "out_of_scope"}, suggestion
        assert answer.calls, suggestion
        assert not any("error" in result for result in answer.results.values()), suggestion


@pytest.mark.parametrize("symbol", SYMBOLS)
async def test_a_suggested_comparison_shares_its_days(symbol: str) -> None:
    suggestions = (await ask(f"price of {symbol}")).sidecar["suggestions"]
    comparison = next(suggestion for suggestion in suggestions if suggestion.startswith("Compare"))
    assert (await ask(comparison)).sidecar["comparison_call_id"]


async def test_a_window_longer_than_the_history_is_told() -> None:
    answer = await ask("META chart 5 years")
    assert first_paragraph(answer).startswith("**META since 18 May 2012**")
    assert "the window is shorter" in answer.text


async def test_a_stop_above_the_entry_makes_a_short() -> None:
    answer = await ask("enter IBM at 200 with a stop at 210")
    assert answer.calls[0].arguments["direction"] == "short"
    assert "a short plan" in first_paragraph(answer)


async def test_a_symbol_without_prices_costs_one_call() -> None:
    answer = await ask("what's the price of GE?")
    assert len(answer.calls) == 1
    assert "There are no prices of GE here." in answer.text
    assert len(answer.sidecar["suggestions"]) == 3


async def test_a_source_that_is_slow_to_fail_is_asked_once() -> None:
    toolbox = PatchedToolbox(build_trade_plan=failing("source_unavailable", "It timed out."), latency_ms=5000.0)
    answer = await ask("trade plan for IBM", toolbox=toolbox)
    assert [call.name for call in answer.calls] == ["build_trade_plan"]
    assert answer.text.startswith("**I could not get the plan of IBM.** It timed out.")


async def test_the_symbols_of_the_users_own_files_are_known(tmp_path: Path, settings: LazySettings) -> None:
    rows = ["date,open,high,low,close,volume"]
    rows += [f"2024-{month:02}-{day:02},10,11,9,10.5,1000" for month in range(1, 6) for day in range(1, 29)]
    (tmp_path / "ZZTOP.csv").write_text("\n".join(rows))
    settings.MARKET_DATA = f"csv:{tmp_path}"
    default_repository.cache_clear()
    default_toolbox.cache_clear()
    try:
        answer = await ask("What's the price of ZZTOP?", toolbox=default_toolbox())
    finally:
        default_repository.cache_clear()
        default_toolbox.cache_clear()
    assert answer.text.startswith("**ZZTOP closed at 10.50** on 28 May 2024 (data from ")


async def test_a_source_that_is_down_is_told_plainly() -> None:
    down = failing("source_unavailable", "The price source did not answer.")
    answer = await ask("What's the price of AAPL?", toolbox=PatchedToolbox(get_quote=down, get_indicators=down))
    assert answer.text == (
        "**I could not get the price of AAPL.** The price source did not answer. "
        "Ask again in a moment; nothing is wrong with the question."
    )
    assert "What's the price of AAPL?" in answer.sidecar["suggestions"]
    assert answer.sidecar["facts"] == []


async def test_a_part_that_fails_leaves_the_rest() -> None:
    down = failing("source_unavailable", "The price source did not answer.")
    answer = await ask("What do the indicators say about IBM?", toolbox=PatchedToolbox(get_levels=down, get_bars=down))
    assert answer.text.startswith("**IBM")
    assert answer.text.count("The price source did not answer.") == 1
    assert "**Missing: the levels of IBM.**" in answer.text
    assert answer.sidecar["charts"] == []


async def test_a_plan_that_cannot_be_made_still_gives_the_price() -> None:
    short = failing("not_enough_history", "META has 60 daily bars; plans need at least 100.")
    answer = await ask("trade plan for META", toolbox=PatchedToolbox(build_trade_plan=short, get_levels=short))
    assert answer.text.startswith("**I could not get the plan of META.** META has 60 daily bars")
    assert "META closed at 27.78" in answer.text
    assert answer.sidecar["plan_call_id"] is None
