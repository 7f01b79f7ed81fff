"""What people type, and which instruments they mean by it: every trap that earlier assistants fell into is here."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.market.symbols.mentions import find_mentions, mask

FOUND = [
    # Plain questions
    ("What's the price of AAPL?", "AAPL"),
    ("Show me the MSFT chart", "MSFT"),
    ("Where would you enter IBM and where is the stop?", "IBM"),
    ("Compare AAPL and GOOG", "AAPL GOOG"),
    ("What's your philosophy?", ""),
    ("AAPL", "AAPL"),
    ("tsla", "TSLA"),
    ("AAPL MSFT GOOG", "AAPL MSFT GOOG"),
    ("NVDA's RSI", "NVDA"),
    ("What is AAPL's 200-day average?", "AAPL"),
    ("GOOG vs. MSFT, and then IBM", "GOOG MSFT IBM"),
    ("AAPL/MSFT", "AAPL MSFT"),
    ("(AAPL)", "AAPL"),
    ("AAPL AAPL aapl", "AAPL"),
    # Names and nicknames
    ("Show me the Apple chart", "AAPL"),
    ("What's your opinion on buying Tesla options?", "TSLA"),
    ("how is google doing", "GOOG"),
    ("alphabet or facebook?", "GOOG META"),
    ("price of bitcoin", "BTC-USD"),
    ("BTC chart", "BTC-USD"),
    ("Bitcoin and ethereum", "BTC-USD ETH-USD"),
    ("is ford a buy", "F"),
    ("Berkshire Hathaway levels", "BRK.B"),
    ("BRK.B, BRK-B and brk.b", "BRK.B"),
    ("bank of america or jp morgan", "BAC JPM"),
    ("AT&T chart", "T"),
    ("at&t's dividend", "T"),
    ("Coca-Cola and McDonald's", "KO MCD"),
    ("mcdonalds price", "MCD"),
    ("Johnson & Johnson", "JNJ"),
    ("toyota chart", "TM"),
    ("Taiwan Semiconductor or Alibaba", "TSM BABA"),
    ("Microsoft's support levels", "MSFT"),
    ("microsoft’s support levels", "MSFT"),
    ("S&P 500 outlook", "SPY"),
    ("Home Depot and Lowe's", "HD LOW"),
    ("apple pie aside, what does Apple do", "AAPL"),
    ("Estée Lauder", "EL"),
    # $ is always meant
    ("$AAPL to the moon", "AAPL"),
    ("thoughts on $all", "ALL"),
    ("$IT looks weak, $MA too", "IT MA"),
    ("$btc", "BTC-USD"),
    ("I have $500 and $10k", ""),
    # Lower case
    ("show pltr", "PLTR"),
    ("chart of spy", "SPY"),
    ("compare aapl and goog", "AAPL GOOG"),
    ("buy nvda or amd", "NVDA AMD"),
    ("price of ibm please", "IBM"),
    ("what about ba", "BA"),
    ("levels for qqq and iwm", "QQQ IWM"),
    ("spy vs qqq", "SPY QQQ"),
    ("APLE price", "APLE"),
    ("show me apply", ""),
    ("what did spy close at yesterday", "SPY"),
    ("volume spy", "SPY"),
    ("golden cross on spy?", "SPY"),
    ("is spy correlated with bitcoin", "SPY BTC-USD"),
    ("did spy close on its high", "SPY"),
    ("compare nvda to spy", "NVDA SPY"),
    ("buy a spy call", "SPY"),
    ("Meta chart", "META"),
    ("compare f and gm", "F GM"),
    ("compare F and GM", "F GM"),
    ("S&P500 chart", "SPY"),
    ("the S&P today", "SPY"),
    ("show Visa", "V"),
    ("buy 10 shares of AAPL at 150", "AAPL"),
    ("can you pull up the daily chart for spy?", "SPY"),
    ("And msft?", "MSFT"),
    ("#TSLA @AAPL", "TSLA AAPL"),
    ("price of tesla, nvidia and apple", "TSLA NVDA AAPL"),
    ("give me a trade plan for NVDA with a $25,000 account and 1% risk", "NVDA"),
    ("SHOW AAPL CHART", "AAPL"),
    # Words that are tickers too
    ("AAPL 3M chart", "AAPL"),
    ("6M chart of IBM", "IBM"),
    ("the DELTA of this option", ""),
    ("what does it cost", ""),
    ("write me a poem about the sea", ""),
    ("My name is Al and I live in LA", ""),
    ("is there a gap in the chart", ""),
    ("remind me at 5 PM", ""),
    ("AM I RIGHT?", ""),
    ("Is NOW a good time?", ""),
    ("What is the market DOING", ""),
    ("What is the market doing?", ""),
    ("it", ""),
    ("all", ""),
    ("now", ""),
    ("IT", ""),
    ("ALL", ""),
    ("KEY", ""),
    ("ON", ""),
    ("A", ""),
    ("are you there", ""),
    ("ARE YOU THERE", ""),
    ("open", ""),
    ("should I go ALL IN on it", ""),
    ("What should I do NOW?", ""),
    ("big move", ""),
    ("a BIG move", ""),
    ("love it", ""),
    ("I LOVE it", ""),
    ("SHOW ME ALL THE CHARTS NOW", ""),
    ("show me ALL THE CHARTS NOW", ""),
    ("Show me ALL chart patterns", ""),
    ("mark KEY levels on the chart", ""),
    ("mark key levels on chart", ""),
    ("chart for ALL timeframes", ""),
    ("A chart would help", ""),
    ("I want a chart", ""),
    ("A stock with low debt", ""),
    ("which IT stock is best", ""),
    ("what is the best buy right now", ""),
    ("price target and stop", ""),
    ("Is the Nasdaq open today?", ""),
    ("the stock is on a run", ""),
    ("well, can you see it so far?", ""),
    ("ups and downs of the market", ""),
    ("do I need a visa", ""),
    ("i want to spy on my neighbour", ""),
    ("was he a spy", ""),
    ("recommend a good spy novel", ""),
    ("put it in a box", ""),
    ("any news", ""),
    ("good morning", ""),
    ("1 D chart please", ""),
    ("how low can it go", ""),
    ("Should I sell ALL shares?", ""),
    # … where the sentence says that the ticker is meant
    ("T chart", "T"),
    ("show me the T chart", "T"),
    ("price of F", "F"),
    ("F stock", "F"),
    ("KEY chart", "KEY"),
    ("price of ALL", "ALL"),
    ("NOW stock price", "NOW"),
    ("chart of ON please", "ON"),
    ("ticker A", "A"),
    ("V shares", "V"),
    ("Target stock", "TGT"),
    ("What is Target trading at?", "TGT"),
    ("levels for F", "F"),
    ("3M stock", "MMM"),
    ("DOW chart", "DOW"),
    ("Visa vs Mastercard", "V MA"),
    ("PRICE OF AAPL", "AAPL"),
    ("COMPARE AAPL AND MSFT", "AAPL MSFT"),
    # Terms of the trade are no tickers
    ("Add the RSI indicator", ""),
    ("RSI, MACD, SMA, EMA and ATR for AAPL", "AAPL"),
    ("best ETF for AI", ""),
    ("what does a CEO do at an IPO", ""),
    ("LTB, ST and QE on NVDA", "NVDA"),
    ("the FED, GDP and USD", ""),
    ("PE and EPS of MSFT on the NYSE", "MSFT"),
    ("an OTM or ITM call", ""),
    ("the 50 MA crossed", ""),
    ("CCI chart", ""),
    # Markup and odd bytes
    ("**AAPL** and `MSFT`", "AAPL MSFT"),
    ("<b>AAPL</b>", "AAPL"),
    ("\u202eAAPL\u202c", "AAPL"),
    ("", ""),
    ("🚀🚀", ""),
    ("今日のAAPL株", ""),
]

NOT_FOUND = [
    ("price of ZZZZ", "ZZZZ"),
    ("ZZZQ chart", "ZZZQ"),
    ("ZZZQ", "ZZZQ"),
    ("ZZZQ?", "ZZZQ"),
    ("$ABCDX", "$ABCDX"),
    ("price of Foobarcorp", "Foobarcorp"),
    ("price of foobarcorp?", "foobarcorp"),
    ("chart of Foo Bar Corp, please", "Foo Bar Corp"),
    ("What is Foobarcorp's price today", "Foobarcorp"),
    ("compare AAPL and ZZZZ", "ZZZZ"),
    ("thoughts on ZZZZ", "ZZZZ"),
    ("APPL chart", "APPL"),
    ("price of **ZZZZ**", "ZZZZ"),
    ("price of <script>alert(1)</script>", "<script>alert(1)</script>"),
    ("price of [x](javascript:alert)", "x](javascript:alert"),
    ("price of gold", "gold"),
    ("oil chart", "oil"),
    ("show me the nasdaq chart", "nasdaq"),
    ("show the DOW", "DOW"),
    ("what is the oil price", "oil"),
    ("the crude oil price", "crude oil"),
    ("compare gold and bitcoin", "gold"),
]

NOTHING_UNKNOWN = [
    *(text for text, _ in FOUND),
    "price of the stock",
    "the price of everything",
    "chart for me",
    "price of coffee",
    "quote of the day",
    "chart of weekly candles",
    "RSI chart",
    "USD price",
    "My CEO said NO",
    "what happened in the USA",
    "BUY THE DIP NOW",
    "the gold standard",
    "What's today's price",
    "IS THE MARKET GOING UP",
]


@pytest.mark.parametrize(("text", "symbols"), FOUND)
def test_the_symbols_a_person_means_are_found(text: str, symbols: str) -> None:
    assert " ".join(find_mentions(text).symbols) == symbols


@pytest.mark.parametrize(("text", "unknown"), NOT_FOUND)
def test_what_is_meant_and_not_listed_is_reported_as_it_was_written(text: str, unknown: str) -> None:
    assert [mention.text for mention in find_mentions(text).unknown] == [unknown]


@pytest.mark.parametrize("text", NOTHING_UNKNOWN)
def test_nothing_else_is_reported_as_unknown(text: str) -> None:
    assert find_mentions(text).unknown == ()


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("APPL chart", "AAPL"),
        ("price of TLSA", "TSLA"),
        ("price of microsft", "MSFT"),
        ("chart of NVDIA", "NVDA"),
        ("price of gold", "GLD"),
        ("silver price", "SLV"),
        ("oil chart", "USO"),
        ("aple", "AAPL"),
        ("aple price", "AAPL"),
        ("microsft", "MSFT"),
        ("what about microsft?", "MSFT"),
    ],
)
def test_an_unknown_one_comes_with_what_it_may_be(text: str, nearest: str) -> None:
    (mention,) = find_mentions(text).unknown
    assert mention.nearest[0] == nearest
    assert len(mention.nearest) <= 3


def test_a_known_and_an_unknown_one_are_kept_apart() -> None:
    mentions = find_mentions("compare AAPL, ZZZZ and MSFT")
    assert mentions.symbols == ("AAPL", "MSFT")
    assert [mention.text for mention in mentions.unknown] == ["ZZZZ"]


def test_spans_point_at_the_words_of_the_text() -> None:
    text = "Compare Apple's chart with $MSFT and ZZZZ"
    spans = find_mentions(text).spans
    assert [(text[span.start : span.end], span.symbol) for span in spans] == [
        ("Apple", "AAPL"),
        ("$MSFT", "MSFT"),
        ("ZZZZ", None),
    ]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Compare Apple and MSFT", "Compare SYMBOL and SYMBOL"),
        ("price of ZZZZ", "price of SYMBOL"),
        ("risk 2% of $10,000 on tsla at 250.50", "risk NUMBER of NUMBER on SYMBOL at NUMBER"),
        ("RSI 14 on the 1D chart of AT&T's stock", "RSI NUMBER on the 1D chart of SYMBOL's stock"),
        ("What is the market DOING", "What is the market DOING"),
        ("sma200 and the 200-day line", "sma200 and the NUMBER-day line"),
        ("", ""),
    ],
)
def test_the_mask_hides_instruments_and_numbers(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_the_users_own_symbols_are_found_too() -> None:
    assert find_mentions("price of MYFUND").symbols == ()
    assert find_mentions("MYFND chart and $MYFND", also=["MYFND"]).symbols == ("MYFND",)
    assert find_mentions("price of MYFND", also=["MYFND"]).unknown == ()
    assert find_mentions("show myfnd", also=["MYFND"]).symbols == ("MYFND",)
    assert mask("show myfnd", also=["MYFND"]) == "show SYMBOL"


PIECES = "AAPL $F apple vs and price of ZZZZ T chart 's , . <b> bank of america é ’ \u202e BRK.B gold"
WORDS = st.sampled_from(PIECES.split())


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=80), st.lists(WORDS, max_size=20).map(" ".join)))
def test_whatever_is_written_spans_lie_in_order_and_apart(text: str) -> None:
    mentions = find_mentions(text)
    at = 0
    for span in mentions.spans:
        assert at <= span.start < span.end <= len(text)
        at = span.end
    assert all(mention.text in text for mention in mentions.unknown)
    assert mask(text).count("SYMBOL") >= len(mentions.spans)


def test_eight_thousand_characters_are_searched_without_trouble() -> None:
    words = Path(__file__).read_text()[:8000]
    assert "AAPL" in find_mentions(words).symbols
    assert find_mentions("A" * 8000).symbols == ()
    assert find_mentions("price of " + "z" * 8000).unknown[0].text == "z" * 40
    assert find_mentions("AAPL, " * 1300).symbols == ("AAPL",)
