"""Alpaca over HTTP, against a real little server on this machine: what it says, and what we make of its faults."""

import json
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from apps.market.errors import MarketError, NoData, SourceUnavailable
from apps.market.sources.alpaca import AlpacaSource
from apps.market.sources.cached import CachedSource
from apps.market.values import Bar, Kind

KEY, SECRET = "key-of-the-test", "secret-of-the-test"
NOON = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)  # a Friday, NYSE open
SATURDAY = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)


@dataclass
class Reply:
    """One answer of the server: JSON unless `body` is bytes; `hang` holds it back until the test ends."""

    body: object = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    cut: bool = False


class Alpaca:
    """A server that answers from a script and remembers what it was asked."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.paths: list[str] = []
        self.queries: list[dict[str, list[str]]] = []
        self.headers: list[dict[str, str]] = []
        self.finished = threading.Event()
        self.waits: list[float] = []
        self.now = NOON
        alpaca = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                alpaca._answer(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        url = urlsplit(request.path)
        self.paths.append(url.path)
        self.queries.append(parse_qs(url.query))
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        reply = self.replies.pop(0)
        if reply.hang:
            self.finished.wait(10)
        if reply.hang or reply.cut:
            return
        body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        request.send_response(reply.status)
        for name, value in {"Content-Length": str(len(body)), **reply.headers}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    def source(self, timeout_s: float = 5.0) -> AlpacaSource:
        return AlpacaSource(
            api_key=KEY,
            secret_key=SECRET,
            base_url=f"http://127.0.0.1:{self.server.server_port}",
            clock=lambda: self.now,
            sleep=self.waits.append,
            timeout=httpx2.Timeout(timeout_s),
        )

    def stop(self) -> None:
        self.finished.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def alpaca() -> Iterator[Alpaca]:
    server = Alpaca()
    yield server
    server.stop()


def row(day: str, close: float, hour: str = "05:00:00") -> dict[str, object]:
    return {"t": f"{day}T{hour}Z", "o": close, "h": close + 2, "l": close - 2, "c": close + 1, "v": 1500, "n": 9}


def page(*rows: dict[str, object], token: str | None = None) -> Reply:
    return Reply({"symbol": "AAPL", "bars": list(rows), "next_page_token": token})


ONE_DAY = page(row("2026-11-19", 100))


def test_two_pages_become_one_series(alpaca: Alpaca) -> None:
    alpaca.replies = [page(row("2026-11-18", 100), token="abc"), page(row("2026-11-19", 103))]
    series = alpaca.source().bars("AAPL")
    assert series.bars == (
        Bar(date(2026, 11, 18), 100, 102, 98, 101, 1500),
        Bar(date(2026, 11, 19), 103, 105, 101, 104, 1500),
    )
    assert series.provenance.source == "Alpaca (IEX)"
    assert series.provenance.kind is Kind.REAL
    assert series.provenance.as_of == date(2026, 11, 19)
    assert alpaca.paths == ["/v2/stocks/AAPL/bars"] * 2
    assert [query.get("page_token") for query in alpaca.queries] == [None, ["abc"]]
    assert alpaca.queries[0]["feed"] == ["iex"]
    assert alpaca.queries[0]["adjustment"] == ["split"]
    assert alpaca.queries[0]["timeframe"] == ["1Day"]
    assert (alpaca.headers[0]["apca-api-key-id"], alpaca.headers[0]["apca-api-secret-key"]) == (KEY, SECRET)


def test_the_bar_of_an_open_session_is_said_to_be_forming(alpaca: Alpaca) -> None:
    alpaca.replies = [page(row("2026-11-20", 100)), page(row("2026-11-20", 100))]
    assert "still forming" in alpaca.source().bars("AAPL").provenance.note
    alpaca.now = SATURDAY
    assert "still forming" not in alpaca.source().bars("AAPL").provenance.note


def test_bitcoin_comes_from_the_crypto_feed(alpaca: Alpaca) -> None:
    rows = [row("2026-11-18", 100, "00:00:00"), row("2026-11-19", 100, "00:00:00") | {"v": 1.75}]
    alpaca.replies = [Reply({"bars": {"BTC/USD": rows}, "next_page_token": None})]
    series = alpaca.source().bars("BTC-USD")
    assert [bar.day for bar in series.bars] == [date(2026, 11, 18), date(2026, 11, 19)]
    assert series.last.volume == 2
    assert alpaca.paths == ["/v1beta3/crypto/us/bars"]
    assert alpaca.queries[0]["symbols"] == ["BTC/USD"]


@pytest.mark.parametrize(
    ("header", "wait_s"), [("3", 3.0), ("", 1.0), ("Fri, 20 Nov 2026 17:00:02 GMT", 2.0), ("soon", 1.0)]
)
def test_a_limit_is_waited_out_as_long_as_it_asks(alpaca: Alpaca, header: str, wait_s: float) -> None:
    alpaca.replies = [Reply({}, status=429, headers={"Retry-After": header}), ONE_DAY]
    assert len(alpaca.source().bars("AAPL").bars) == 1
    assert alpaca.waits == [wait_s]


def test_a_long_limit_is_told_and_not_waited_out(alpaca: Alpaca) -> None:
    alpaca.replies = [Reply({}, status=429, headers={"Retry-After": "60"})]
    with pytest.raises(SourceUnavailable, match="how often") as caught:
        alpaca.source().bars("AAPL")
    assert caught.value.retryable
    assert alpaca.waits == []


def test_a_limit_that_stays_is_told_after_two_waits(alpaca: Alpaca) -> None:
    alpaca.replies = [Reply({}, status=429) for _ in range(9)]
    with pytest.raises(SourceUnavailable, match="how often"):
        alpaca.source().bars("AAPL")
    assert len(alpaca.paths) == 3


@pytest.mark.parametrize("fault", [Reply({}, status=503), Reply(cut=True)], ids=["server error", "cut connection"])
def test_a_passing_fault_is_tried_once_more(alpaca: Alpaca, fault: Reply) -> None:
    alpaca.replies = [fault, ONE_DAY]
    assert len(alpaca.source().bars("AAPL").bars) == 1
    assert len(alpaca.waits) == 1


@pytest.mark.parametrize(
    ("replies", "error", "message"),
    [
        ([Reply({}, status=500)] * 2, SourceUnavailable, "HTTP 500"),
        ([Reply(cut=True)] * 2, SourceUnavailable, "cannot be reached"),
        ([Reply({"message": "forbidden."}, status=401)], SourceUnavailable, "refused our key"),
        ([Reply({"message": "forbidden."}, status=403)], SourceUnavailable, "refused our key"),
        ([Reply({"message": "not found"}, status=404)], NoData, "no daily prices of AAPL"),
        ([Reply({"message": "invalid symbol"}, status=400)], NoData, "no daily prices of AAPL"),
        ([Reply({"bars": None, "next_page_token": None})], NoData, "no daily prices of AAPL"),
        ([page()], NoData, "no daily prices of AAPL"),
        ([Reply(b'{"bars": [')], SourceUnavailable, "no answer"),
        ([Reply(b"<html>hello</html>")], SourceUnavailable, "no answer"),
        ([Reply([1, 2])], SourceUnavailable, "no answer"),
        ([Reply(b"junk", headers={"Content-Encoding": "gzip"})], SourceUnavailable, "no answer"),
        ([Reply({"bars": [1]})], SourceUnavailable, "cannot be read"),
        ([Reply({"bars": [{"t": "2026-11-19T05:00:00Z"}]})], SourceUnavailable, "cannot be read"),
        ([page(row("2026-11-19", 100) | {"h": 1})], SourceUnavailable, "cannot be read"),
        ([page(row("2026-11-19", 100), row("2026-11-19", 100))], SourceUnavailable, "cannot be read"),
        ([page(row("2026-11-19", 100) | {"t": "2026-11-19"})], SourceUnavailable, "cannot be read"),
        ([page(row("2026-11-19", 100) | {"v": None})], SourceUnavailable, "cannot be read"),
        ([page(token="again")] * 20, SourceUnavailable, "more pages"),
    ],
)
def test_a_fault_is_a_sentence_without_the_key(
    alpaca: Alpaca,
    caplog: pytest.LogCaptureFixture,
    replies: list[Reply],
    error: type[MarketError],
    message: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    alpaca.replies = list(replies)
    with pytest.raises(error, match=message) as caught:
        alpaca.source().bars("AAPL")
    assert alpaca.replies == []
    told = [str(caught.value), repr(caught.value.details), *(str(record.__dict__) for record in caplog.records)]
    assert not [text for text in told if KEY in text or SECRET in text]


def test_a_refused_key_is_not_worth_another_try(alpaca: Alpaca) -> None:
    alpaca.replies = [Reply({}, status=401)]
    with pytest.raises(SourceUnavailable) as caught:
        alpaca.source().bars("AAPL")
    assert not caught.value.retryable


def test_a_server_that_does_not_answer_is_given_up(alpaca: Alpaca) -> None:
    alpaca.replies = [Reply(hang=True)]
    with pytest.raises(SourceUnavailable, match="in time"):
        alpaca.source(timeout_s=0.1).bars("AAPL")


def test_a_server_that_is_not_there_is_out_of_reach(alpaca: Alpaca) -> None:
    source = AlpacaSource(
        api_key=KEY, secret_key=SECRET, base_url="http://127.0.0.1:9", clock=lambda: NOON, sleep=alpaca.waits.append
    )
    with pytest.raises(SourceUnavailable, match="cannot be reached"):
        source.bars("AAPL")


def cached(alpaca: Alpaca, **options: int) -> CachedSource:
    return CachedSource(alpaca.source(), lambda: alpaca.now, **options)


@pytest.mark.parametrize(
    ("asked_at", "symbol", "fresh_for"),
    [
        (NOON, "AAPL", timedelta(seconds=15)),
        (datetime(2026, 11, 20, 21, 10, tzinfo=UTC), "AAPL", timedelta(seconds=15)),
        (SATURDAY, "AAPL", datetime(2026, 11, 23, 14, 30, tzinfo=UTC) - SATURDAY),
        (SATURDAY, "BTC-USD", timedelta(seconds=15)),
    ],
    ids=["while open", "just after the close", "over the weekend", "crypto never rests"],
)
def test_an_answer_is_fresh_while_prices_cannot_have_moved(
    alpaca: Alpaca, asked_at: datetime, symbol: str, fresh_for: timedelta
) -> None:
    rows = [row("2026-11-19", 100)]
    answer = Reply({"bars": {"BTC/USD": rows} if symbol == "BTC-USD" else rows})
    alpaca.replies = [answer, answer]
    alpaca.now = asked_at
    source = cached(alpaca)
    source.bars(symbol)
    alpaca.now = asked_at + fresh_for - timedelta(seconds=1)
    source.bars(symbol)
    assert len(alpaca.paths) == 1
    alpaca.now = asked_at + fresh_for
    source.bars(symbol)
    assert len(alpaca.paths) == 2


def test_a_failing_source_serves_what_it_had_and_says_since_when(alpaca: Alpaca) -> None:
    alpaca.replies = [ONE_DAY, *[Reply({}, status=500)] * 4, page(row("2026-11-19", 100), row("2026-11-20", 101))]
    source = cached(alpaca)
    assert "stale" not in source.bars("AAPL").provenance.note
    for seconds in (20, 40):
        alpaca.now = NOON + timedelta(seconds=seconds)
        series = source.bars("AAPL")
        assert series.provenance.note.count("stale since 20 Nov 2026, 12:00 ET") == 1
        assert series.last.day == date(2026, 11, 19)
        n_asked = len(alpaca.paths)
        assert source.bars("AAPL") is series
        assert len(alpaca.paths) == n_asked, "a source that just failed is left alone"
    alpaca.now = NOON + timedelta(seconds=60)
    series = source.bars("AAPL")
    assert "stale" not in series.provenance.note
    assert series.last.day == date(2026, 11, 20)


def test_a_failing_source_that_had_nothing_fails(alpaca: Alpaca) -> None:
    alpaca.replies = [Reply({}, status=500)] * 2
    with pytest.raises(SourceUnavailable):
        cached(alpaca).bars("AAPL")


def test_many_questions_at_once_ask_the_source_once(alpaca: Alpaca) -> None:
    alpaca.replies = [ONE_DAY]
    source = cached(alpaca)
    start = threading.Barrier(8)
    found: list[object] = []

    def ask() -> None:
        start.wait()
        found.append(source.bars("AAPL"))

    run_all([ask] * 8)
    assert len(alpaca.paths) == 1
    assert len(found) == 8


def run_all(tasks: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=task) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_only_so_many_symbols_are_kept(alpaca: Alpaca) -> None:
    alpaca.replies = [ONE_DAY] * 4
    source = cached(alpaca, max_symbols=2)
    for symbol in ("AAPL", "MSFT", "IBM", "IBM", "AAPL"):
        source.bars(symbol)
    assert [path.split("/")[3] for path in alpaca.paths] == ["AAPL", "MSFT", "IBM", "AAPL"]
