"""Daily bars from Alpaca's market data API over HTTP: stocks by its free IEX feed, crypto by its own.

The key pair goes out in two headers and nowhere else: no error, log line or note here can hold it.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx2

from apps.market import calendar
from apps.market.errors import NoData, SourceUnavailable
from apps.market.sources.validation import validated
from apps.market.values import Bar, Kind, Provenance, Series

logger = logging.getLogger(__name__)

FIRST_DAY = "2016-01-01"
PAGE_BARS = 10_000
MAX_PAGES = 20
TIMEOUT = httpx2.Timeout(8.0, connect=4.0)
#: A limit is waited out at most this often, and never longer than this in seconds: a person is waiting too.
MAX_WAITS = 2
MAX_WAIT_S = 5.0
SERVER_ERROR_WAIT_S = 0.5
CRYPTO_SUFFIX = "-USD"
IEX_NOTE = "Prices and volumes are those of the IEX exchange alone, adjusted for splits."
FORMING_NOTE = "The last bar is still forming."


class AlpacaSource:
    """Asks Alpaca each time; `CachedSource` around it decides how often that is."""

    name = "Live (Alpaca IEX)"
    kind = Kind.REAL

    def __init__(
        self,
        *,
        api_key: str,
        secret_key: str,
        base_url: str,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None] = time.sleep,
        timeout: httpx2.Timeout = TIMEOUT,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._http = httpx2.Client(
            base_url=base_url,
            timeout=timeout,
            headers={"APCA-API-KEY-ID": api_key, "APCA-API-SECRET-KEY": secret_key, "Accept": "application/json"},
        )

    def symbols(self) -> None:
        """Only asking tells which symbols a vendor has."""

    def bars(self, symbol: str) -> Series:
        is_crypto = symbol.endswith(CRYPTO_SUFFIX)
        rows = self._crypto_rows(symbol) if is_crypto else self._stock_rows(symbol)
        try:
            bars = validated(_bar(row, is_crypto=is_crypto) for row in rows)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            logger.warning("market data not understood", extra={"symbol": symbol, "why": repr(error)})
            raise SourceUnavailable("Alpaca sent prices that cannot be read.", symbol=symbol) from error
        if not bars:
            raise NoData(f"Alpaca has no daily prices of {symbol}.", symbol=symbol)
        return Series(symbol=symbol, bars=bars, provenance=self._provenance(bars[-1].day, is_crypto=is_crypto))

    def _provenance(self, as_of: date, *, is_crypto: bool) -> Provenance:
        now = self._clock()
        yesterday = now.astimezone(UTC).date() - timedelta(days=1)
        finished = yesterday if is_crypto else calendar.last_finished_session(now)
        notes = ([] if is_crypto else [IEX_NOTE]) + ([FORMING_NOTE] if as_of > finished else [])
        source = "Alpaca (crypto)" if is_crypto else "Alpaca (IEX)"
        return Provenance(source=source, kind=Kind.REAL, as_of=as_of, note=" ".join(notes))

    def _stock_rows(self, symbol: str) -> Iterator[Mapping[str, Any]]:
        for page in self._pages(
            f"/v2/stocks/{quote(symbol, safe='')}/bars", symbol, {"adjustment": "split", "feed": "iex"}
        ):
            yield from page.get("bars") or ()

    def _crypto_rows(self, symbol: str) -> Iterator[Mapping[str, Any]]:
        pair = f"{symbol.removesuffix(CRYPTO_SUFFIX)}/USD"
        for page in self._pages("/v1beta3/crypto/us/bars", symbol, {"symbols": pair}):
            yield from (page.get("bars") or {}).get(pair) or ()

    def _pages(self, path: str, symbol: str, query: dict[str, str]) -> Iterator[dict[str, Any]]:
        query = {"timeframe": "1Day", "start": FIRST_DAY, "limit": str(PAGE_BARS), "sort": "asc"} | query
        for _ in range(MAX_PAGES):
            page = self._get(path, symbol, query)
            yield page
            token = page.get("next_page_token")
            if not token:
                return
            query["page_token"] = str(token)
        raise SourceUnavailable("Alpaca sent more pages than a history can have.", symbol=symbol)

    def _get(self, path: str, symbol: str, query: dict[str, str]) -> dict[str, Any]:
        """One page, as the JSON object it is. Waits out a short limit and one server error; raises MarketError."""
        waits = retries = 0
        while True:
            response = self._send(path, symbol, query, is_retry=retries > 0)
            status = response.status_code if response is not None else 0
            if status == HTTPStatus.OK and response is not None:
                return _json_object(response, symbol)
            if status == HTTPStatus.TOO_MANY_REQUESTS and response is not None:
                wait_s = _retry_after_s(response, self._clock())
                if waits == MAX_WAITS or wait_s > MAX_WAIT_S:
                    raise SourceUnavailable("Alpaca limits how often we may ask; try again in a minute.", symbol=symbol)
                waits += 1
                self._sleep(wait_s)
            elif (status == 0 or status >= HTTPStatus.INTERNAL_SERVER_ERROR) and retries == 0:
                retries += 1
                self._sleep(SERVER_ERROR_WAIT_S)
            else:
                raise _refusal(status, symbol)

    def _send(self, path: str, symbol: str, query: dict[str, str], *, is_retry: bool) -> httpx2.Response | None:
        """The response, or None for a connection that broke and may be tried once more."""
        try:
            return self._http.get(path, params=query)
        except httpx2.TimeoutException as error:
            raise SourceUnavailable("Alpaca did not answer in time.", symbol=symbol) from error
        except httpx2.TransportError as error:
            if not is_retry:
                return None
            raise SourceUnavailable("Alpaca cannot be reached.", symbol=symbol) from error
        except httpx2.RequestError as error:
            raise SourceUnavailable("Alpaca sent something that is no answer.", symbol=symbol) from error


def _refusal(status: int, symbol: str) -> NoData | SourceUnavailable:
    match status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            error = SourceUnavailable(
                "Alpaca refused our key. Whoever runs this site should check ALPACA_API_KEY and ALPACA_SECRET_KEY.",
                symbol=symbol,
            )
            error.retryable = False
            return error
        case HTTPStatus.BAD_REQUEST | HTTPStatus.NOT_FOUND | HTTPStatus.UNPROCESSABLE_ENTITY:
            return NoData(f"Alpaca has no daily prices of {symbol}.", symbol=symbol)
        case _:
            logger.warning("market data source failed", extra={"symbol": symbol, "status": status})
            return SourceUnavailable(f"Alpaca failed (HTTP {status}).", symbol=symbol)


def _json_object(response: httpx2.Response, symbol: str) -> dict[str, Any]:
    try:
        page = response.json()
    except ValueError as error:
        raise SourceUnavailable("Alpaca sent something that is no answer.", symbol=symbol) from error
    if not isinstance(page, dict):
        raise SourceUnavailable("Alpaca sent something that is no answer.", symbol=symbol)
    return page


def _retry_after_s(response: httpx2.Response, now: datetime) -> float:
    """Seconds to wait by the Retry-After header, given as seconds or as a date; 1 without a usable one."""
    header = response.headers.get("Retry-After", "")
    if header.isdecimal():
        return float(header)
    try:
        return max((parsedate_to_datetime(header) - now).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return 1.0


def _bar(row: Mapping[str, Any], *, is_crypto: bool) -> Bar:
    """A bar of theirs is stamped with the start of its day, New York's for stocks."""
    moment = datetime.fromisoformat(row["t"])
    day = moment.astimezone(UTC).date() if is_crypto else calendar.new_york(moment).date()
    return Bar(day, float(row["o"]), float(row["h"]), float(row["l"]), float(row["c"]), round(row["v"]))
