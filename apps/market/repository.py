"""The one place bars come from: chart, indicators, levels and answers all ask here, so they agree by construction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from apps.market.errors import NoData
from apps.market.sources.csv_folder import CsvFolderSource
from apps.market.sources.protocol import BarSource
from apps.market.sources.sample import SampleSource
from apps.market.sources.simulated import SimulatedSource
from apps.market.symbols.instruments import display_name
from apps.market.values import Kind, Series

Clock = Callable[[], datetime]

#: NoData names what there is when the list is no longer than this.
LISTED_SYMBOLS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DataDescription:
    """Which data this is, for the pill in the page's header: "Sample data to 1 Mar 2013; some symbols simulated"."""

    kind: Kind
    label: str


class BarsRepository:
    """Bars by symbol from the first source that has them.

    With `as_of` every series ends at the close of that day, as if nothing later had happened. `clock` tells an
    aware now, for whatever else an answer says of the moment.
    """

    def __init__(self, sources: Sequence[BarSource], clock: Clock, *, as_of: date | None = None) -> None:
        if not sources:
            raise ValueError("A repository needs a source.")
        self.clock = clock
        self._sources = tuple(sources)
        self._as_of = as_of

    def series(self, symbol: str) -> Series:
        """All daily bars of `symbol`, in upper case as symbols are. Raises NoData or SourceUnavailable."""
        reasons = []
        for source in self._sources:
            known = source.symbols()
            if known is not None and symbol not in known and len(self._sources) > 1:
                continue
            try:
                return self._cut(source.bars(symbol))
            except NoData as error:
                reasons.append(str(error))
        raise self._no_data(symbol, reasons)

    def symbols(self) -> tuple[str, ...] | None:
        """The symbols there are bars of, in alphabetical order; None when only asking tells."""
        found: set[str] = set()
        for source in self._sources:
            known = source.symbols()
            if known is None:
                return None
            found.update(known)
        return tuple(sorted(found))

    def kinds(self) -> dict[str, Kind] | None:
        """What kind of data each symbol's bars are, in the order of symbols; None when only asking tells."""
        found: dict[str, Kind] = {}
        for source in self._sources:
            known = source.symbols()
            if known is None:
                return None
            for symbol in known:
                found.setdefault(symbol, source.kind)
        return dict(sorted(found.items()))

    def describe(self) -> DataDescription:
        """What the header's pill says: the first source, and whether others are made up."""
        first, *others = self._sources
        is_mixed = first.kind is not Kind.SIMULATED and any(source.kind is Kind.SIMULATED for source in others)
        label = f"{first.name}; some symbols simulated" if is_mixed else first.name
        return DataDescription(kind=first.kind, label=label)

    def at(self, day: date) -> "BarsRepository":
        """The same data as it stood at the close of `day`."""
        return BarsRepository(self._sources, self.clock, as_of=day)

    def _cut(self, series: Series) -> Series:
        if self._as_of is None or series.last.day <= self._as_of:
            return series
        try:
            return series.until(self._as_of)
        except ValueError as error:
            raise NoData(f"{series.symbol} has no price on or before {self._as_of}.", symbol=series.symbol) from error

    def _no_data(self, symbol: str, reasons: list[str]) -> NoData:
        message = reasons[0] if len(reasons) == 1 else f"There are no prices of {symbol} here."
        known = self.symbols() or ()
        if not 0 < len(known) <= LISTED_SYMBOLS:
            return NoData(message, symbol=symbol)
        if other := _other_class(symbol, known):
            message += f" There are prices of {other}, {display_name(other)}."
            return NoData(message, symbol=symbol, available=[other, *(one for one in known if one != other)])
        return NoData(f"{message} There are prices of {_listed(known)}.", symbol=symbol, available=list(known))


def _other_class(symbol: str, known: Sequence[str]) -> str | None:
    """Another share class of the same company: GOOG for GOOGL."""
    company, _, share_class = display_name(symbol).partition(" (Class ")
    same = (one for one in known if one != symbol and display_name(one).partition(" (Class ")[0] == company)
    return next(same, None) if share_class else None


def _listed(symbols: Sequence[str]) -> str:
    return symbols[0] if len(symbols) == 1 else f"{', '.join(symbols[:-1])} and {symbols[-1]}"


@cache
def default_repository() -> BarsRepository:
    """The repository that MARKET_DATA asks for. Raises ImproperlyConfigured with a sentence on what to set."""
    if problem := configuration_problem():
        raise ImproperlyConfigured(problem)
    return BarsRepository(_sources(settings.MARKET_DATA), _now)


def configuration_problem() -> str | None:
    """What is wrong with the market data settings, as a sentence that says what to set, or None."""
    match settings.MARKET_DATA.partition(":"):
        case ("sample", "", ""):
            return None
        case ("alpaca", "", ""):
            missing = [name for name in ("ALPACA_API_KEY", "ALPACA_SECRET_KEY") if not getattr(settings, name)]
            return f"MARKET_DATA is alpaca, which needs {' and '.join(missing)}." if missing else None
        case ("csv", ":", path) if path and _folder(path).is_dir():
            return None
        case ("csv", _, path):
            return f"MARKET_DATA is csv, but there is no folder {path or '(none given)'!r}. Set it as csv:PATH."
        case _:
            return f"MARKET_DATA is {settings.MARKET_DATA!r}; it must be sample, alpaca or csv:PATH."


def _sources(market_data: str) -> list[BarSource]:
    name, _, path = market_data.partition(":")
    match name:
        case "csv":
            return [CsvFolderSource(_folder(path))]
        case "alpaca":
            # Only this source needs an HTTP client; the others start without one.
            from apps.market.sources.alpaca import AlpacaSource
            from apps.market.sources.cached import CachedSource

            alpaca = AlpacaSource(
                api_key=settings.ALPACA_API_KEY,
                secret_key=settings.ALPACA_SECRET_KEY,
                base_url=settings.ALPACA_DATA_URL,
                clock=_now,
            )
            return [CachedSource(alpaca, _now)]
        case _:
            return [SampleSource(), SimulatedSource(_now)]


def _folder(path: str) -> Path:
    """The folder of a `csv:` setting; a relative one is seen from the project, wherever the server was started."""
    return Path(settings.BASE_DIR) / Path(path).expanduser()


def _now() -> datetime:
    return datetime.now(UTC)
