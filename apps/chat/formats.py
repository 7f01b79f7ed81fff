"""Percentages, days and durations as the pages print them; prices are printed as the market's own sentences do."""

from dataclasses import dataclass
from datetime import date

from apps.market.analysis.rounding import day_text

NO_BREAK = "\u00a0"


def percent(value: float) -> str:
    """Points with two places: "12.40 %"; a minus is a real minus sign."""
    return f"{value:.2f}{NO_BREAK}%".replace("-", "−")


def signed_percent(value: float) -> str:
    """As `percent`, with a plus above zero."""
    return f"{value:+.2f}{NO_BREAK}%".replace("-", "−")


def titled(symbol: str, name: str) -> str:
    """ "MSFT · Microsoft"; the symbol alone where it is the name."""
    return symbol if symbol == name else f"{symbol} · {name}"


def count(value: int) -> str:
    return f"{value:,}"


def day(value: str | date) -> str:
    """An ISO day or a date in words: "1 Mar 2013"; anything else as it stands."""
    try:
        moment = value if isinstance(value, date) else date.fromisoformat(value)
    except ValueError:
        return str(value)
    return day_text(moment)


def duration(ms: float) -> str:
    """How long something took: "under 1 ms", "12 ms", "1.4 s"."""
    if ms < 1:
        return "under 1 ms"
    return f"{ms:.0f} ms" if ms < 1000 else f"{ms / 1000:.1f} s"


def listed(words: list[str]) -> str:
    """ "AAPL", "AAPL and GOOG", "AAPL, GOOG and IBM"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A difference in percent with its sign; `direction` is up, down or flat, for the arrow beside it."""

    text: str
    direction: str

    @property
    def arrow(self) -> str:
        return {"up": "▲", "down": "▼"}.get(self.direction, "■")


def change(value: float) -> Change:
    direction = "up" if value > 0 else "down" if value < 0 else "flat"
    return Change(text=signed_percent(value), direction=direction)
