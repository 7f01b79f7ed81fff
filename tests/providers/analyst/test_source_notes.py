"""What must be known of market data is said: that it is stale, that its last bar still forms."""

from dataclasses import replace
from datetime import UTC, datetime

from apps.market import calendar
from apps.market.knowledge.search import search_knowledge
from apps.market.repository import BarsRepository
from apps.market.sources.sample import SampleSource
from apps.market.symbols.instruments import instrument
from apps.market.tools.market_toolbox import MarketToolbox
from apps.market.values import Kind, Series
from apps.providers.analyst.grounding import ungrounded_numbers
from tests.providers.asking import NOW, ask

#: The last day of the sample, in mid-session.
DURING = datetime(2013, 3, 1, 15, tzinfo=UTC)
STALE = "The source does not answer; stale since 20 Nov 2026, 15:30 ET."


class LiveSource:
    """The sample's bars as a vendor would give them, with a note of its own."""

    name = "live"
    kind = Kind.REAL

    def __init__(self, note: str) -> None:
        self.note = note

    def symbols(self) -> list[str]:
        return ["AAPL", "GOOG", "IBM", "MSFT"]

    def bars(self, symbol: str) -> Series:
        series = SampleSource().bars(symbol)
        provenance = replace(series.provenance, source="Alpaca (IEX)", kind=Kind.REAL, note=self.note)
        return replace(series, provenance=provenance)


def toolbox(note: str, now: datetime = NOW) -> MarketToolbox:
    return MarketToolbox(
        repository=BarsRepository([LiveSource(note)], lambda: now),
        instruments=instrument,
        calendar=calendar,
        knowledge=search_knowledge,
        clock=lambda: now,
    )


QUESTIONS = (
    "What's the price of AAPL?",
    "Show me the MSFT chart",
    "Where would you enter IBM and where is the stop?",
    "Compare AAPL and GOOG",
    "What do the indicators say about IBM?",
)


async def test_stale_prices_are_said_to_be_stale_right_after_the_key_point() -> None:
    for question in QUESTIONS:
        answer = await ask(question, toolbox=toolbox(STALE))
        paragraphs = answer.text.split("\n\n")
        assert paragraphs[1] == STALE, question
        assert answer.text.count("stale since") == 1
        assert ungrounded_numbers(answer.text, list(answer.results.values())) == []


async def test_without_a_note_nothing_is_added() -> None:
    answer = await ask(QUESTIONS[0], toolbox=toolbox(""))
    assert "stale" not in answer.text


async def test_every_note_stands_with_its_source() -> None:
    live = await ask(QUESTIONS[0], toolbox=toolbox(STALE))
    assert [source["note"] for source in live.sidecar["sources"]] == [STALE]
    sample = await ask(QUESTIONS[0])
    assert "adjusted for the splits" in sample.sidecar["sources"][0]["note"]
    assert "adjusted for the splits" not in sample.text


async def test_a_day_that_is_not_over_is_never_said_to_have_closed() -> None:
    for question in (*QUESTIONS, "Why that stop for IBM?"):
        answer = await ask(question, toolbox=toolbox("The last bar is still forming.", DURING))
        for claim in ("closed at", "a close of", "last close is", "last finished session"):
            assert claim not in answer.text, question
    quote = await ask(QUESTIONS[0], toolbox=toolbox("", DURING))
    assert quote.text.startswith("**AAPL stands at 430.47**")
