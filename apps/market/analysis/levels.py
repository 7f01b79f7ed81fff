"""Support, resistance, and the three named entries by written definition.

Support is a zone (`apps.market.analysis.zones`) below the close, resistance one above it, within 15 % of the close. The
named entries are for buying and are measured, never assumed:

LTB, "Load the Boat": the zone below the close that holds the 200-day average, the 61.8 % retracement of the last
    120 bars' swing, or historical support (two swing lows, one of them at least 60 bars old). Of several zones, the
    one that meets most of these; of equals, the one that meets what is named first; then the nearest.
ST, "Swing Trade": the zone below the close that holds the 50-day average, the 50 % retracement, or the lower edge
    of a consolidation (15 bars whose closes keep within 2.5 ATR). Of several, as above.
QE, "Quick Entry": the high of the 20 bars before the last, while the close is at most 1 ATR under it (the entry is
    the breakout) or at most 1 ATR over it (the entry is the return to it).

An entry whose definition nothing meets within 15 % of the close is None, and `why_none` says what was measured.
"""

from datetime import date

from apps.market.analysis.rounding import change_percent, day_text, price, price_text, ratio
from apps.market.analysis.series import Analysis
from apps.market.analysis.zones import RECENT_BARS, Evidence, Mark, Zone, find_marks, group, highest, reasons
from apps.market.tools.results import Level, Levels

RANGE_PCT = 15.0
LISTED = 5
#: A swing low this many bars old makes support historical.
OLD_BARS = 60
QE_ATR = 1.0
NO_EDGE = (
    "Levels show structure, for stops and targets. Measured over past bars, price turned at them "
    "no more often than chance would have it."
)

DEFINITIONS = {
    "LTB": (Evidence.SMA_200, Evidence.FIB_62),
    "ST": (Evidence.SMA_50, Evidence.FIB_50, Evidence.BASE),
}


def find_levels(analysis: Analysis) -> Levels:
    """Raises NotEnoughHistory below 100 bars or where the price stands still."""
    close, atr = analysis.close, analysis.atr
    marks = find_marks(analysis)
    under = group([mark for mark in marks if mark.price < close], atr=atr)
    over = group([mark for mark in marks if mark.price > close], atr=atr)
    below = [zone for zone in reversed(under) if zone.counts and _in_range(zone.price, close)]
    above = [zone for zone in over if zone.counts and _in_range(zone.price, close)]
    named: dict[str, Level | None] = {}
    why_none: dict[str, str] = {}
    for name in DEFINITIONS:
        named[name] = _pullback(name, below, close=close, atr=atr)
        if named[name] is None:
            why_none[name] = _why_no_pullback(name, marks, close=close)
    named["QE"], why = _quick_entry(analysis, below + above)
    if why:
        why_none["QE"] = why
    return Levels(
        symbol=analysis.symbol,
        name=analysis.instrument.name,
        close=close,
        atr_14=atr,
        support=[_level("support", zone, close=close, atr=atr) for zone in below[:LISTED]],
        resistance=[_level("resistance", zone, close=close, atr=atr) for zone in above[:LISTED]],
        ltb=named["LTB"],
        st=named["ST"],
        qe=named["QE"],
        why_none=why_none,
        notes=_notes(analysis, below, above),
        source=analysis.source,
    )


def _in_range(value: float, close: float) -> bool:
    return abs(change_percent(close, value)) <= RANGE_PCT


def _level(name: str, zone: Zone, *, close: float, atr: float, first: tuple[str, ...] = ()) -> Level:
    return Level(
        name=name,
        price=zone.price,
        distance_pct=change_percent(close, zone.price),
        distance_atr=ratio((zone.price - close) / atr),
        touches=len(zone.pivots),
        last_touch=zone.last_touch,
        reasons=[*first, *reasons(zone, close=close, atr=atr)],
    )


def _pullback(name: str, below: list[Zone], *, close: float, atr: float) -> Level | None:
    """The zone that meets most of the definition; `below` is nearest first, and the nearest wins a tie."""
    best = max(below, key=lambda zone: _foundation(name, zone), default=None)
    if best is None or not any(_conditions(name, best)):
        return None
    since = _historical_since(best) if name == "LTB" else None
    first = (f"historical support since {day_text(since)}",) if since else ()
    return _level(name, best, close=close, atr=atr, first=first)


def _foundation(name: str, zone: Zone) -> tuple[int, list[bool]]:
    met = _conditions(name, zone)
    return sum(met), met


def _conditions(name: str, zone: Zone) -> list[bool]:
    met = [zone.find(evidence) is not None for evidence in DEFINITIONS[name]]
    return [*met, _historical_since(zone) is not None] if name == "LTB" else met


def _historical_since(zone: Zone) -> date | None:
    """The day of the first swing low, where there are two and the first is old."""
    lows = [mark for mark in zone.pivots if mark.evidence is Evidence.SWING_LOW]
    return lows[0].day if len(lows) >= 2 and lows[0].age >= OLD_BARS else None


def _why_no_pullback(name: str, marks: list[Mark], *, close: float) -> str:
    found = {mark.evidence: mark for mark in marks}
    parts = [
        _place(found[evidence], close) if evidence in found else f"there is no {evidence}"
        for evidence in DEFINITIONS[name]
    ]
    if name == "LTB":
        parts.append(f"no two swing lows, one at least {OLD_BARS} bars old, share a zone below the close")
    return f"None within {RANGE_PCT:g} % below the close: {'; '.join(parts)}."


def _place(mark: Mark, close: float) -> str:
    distance = change_percent(close, mark.price)
    side = "above" if distance > 0 else "below"
    return f"the {mark.evidence} {price_text(mark.price)} is {abs(distance):.2f} % {side} the close"


def _quick_entry(analysis: Analysis, zones: list[Zone]) -> tuple[Level | None, str]:
    """The entry, or why there is none."""
    close, atr = analysis.close, analysis.atr
    bar = highest(analysis.bars[-RECENT_BARS - 1 : -1])
    recent_high = price(bar.high)
    high_text = (
        f"the high {price_text(recent_high)} of {day_text(bar.day)}, the highest of the {RECENT_BARS} bars before"
    )
    distance = ratio((recent_high - close) / atr)
    if abs(distance) > QE_ATR or not _in_range(recent_high, close):
        side = "under" if distance > 0 else "over"
        return None, f"The close is {abs(distance):.2f} ATR {side} {high_text}; within {QE_ATR:g} ATR counts as near."
    touched = next((zone for zone in zones if zone.marks[0].price <= recent_high <= zone.marks[-1].price), None)
    others = tuple(mark for mark in touched.marks if mark.evidence is not Evidence.HIGH_20D) if touched else ()
    what = "breakout above" if distance > 0 else "return to"
    level = Level(
        name="QE",
        price=recent_high,
        distance_pct=change_percent(close, recent_high),
        distance_atr=distance,
        touches=len(touched.pivots) if touched else 0,
        last_touch=touched.last_touch if touched else None,
        reasons=[f"{what} {high_text}", *(reasons(Zone(marks=others), close=close, atr=atr) if others else [])],
    )
    return level, ""


def _notes(analysis: Analysis, below: list[Zone], above: list[Zone]) -> list[str]:
    notes = [NO_EDGE]
    n = len(analysis.bars)
    if analysis.lines.sma_200[-1] is None:
        notes.append(f"{n} bars: too few for a 200-day average.")
    if not below:
        notes.append(f"No support lies within {RANGE_PCT:g} % below the close.")
    if not above:
        notes.append(f"No resistance lies within {RANGE_PCT:g} % above the close.")
    return notes
