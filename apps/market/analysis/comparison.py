"""Symbols side by side, over the days that all of them traded."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations, pairwise

from apps.market.analysis.rounding import change_percent, day_text, percent, ratio
from apps.market.analysis.series import Analysis
from apps.market.analysis.timeframes import IN_WORDS, start_of
from apps.market.errors import BadArguments, NotEnoughHistory
from apps.market.tools.results import ComparedSymbol, Comparison

FEWEST_SYMBOLS, MOST_SYMBOLS = 2, 5
#: Below this many common days volatility and correlation say little.
FEW_DAYS = 20
#: Trading days a year: of all-crypto comparisons, which know no weekend, and of the others.
CRYPTO_DAYS, STOCK_DAYS = 365, 252


@dataclass(frozen=True, slots=True, kw_only=True)
class _Track:
    """One symbol on the common days: printed closes, their log returns, and the place of the last day's bar."""

    analysis: Analysis
    closes: list[float]
    returns: list[float]
    last: int


def compare(analyses: Sequence[Analysis], timeframe: str) -> Comparison:
    """Two to five different symbols. The window ends on the last day they share.

    Raises BadArguments for too few or too many symbols, NotEnoughHistory where they share fewer than two days.
    """
    unique = list({analysis.symbol: analysis for analysis in analyses}.values())
    if not FEWEST_SYMBOLS <= len(unique) <= MOST_SYMBOLS:
        raise BadArguments(
            f"A comparison takes {FEWEST_SYMBOLS} to {MOST_SYMBOLS} different symbols, not {len(unique)}.",
            argument="symbols",
        )
    days = _common_days(unique, timeframe)
    tracks = [_track(analysis, days) for analysis in unique]
    days_a_year = CRYPTO_DAYS if all(_is_crypto(analysis) for analysis in unique) else STOCK_DAYS
    return Comparison(
        symbols=[analysis.symbol for analysis in unique],
        timeframe=timeframe,
        first_day=days[0],
        last_day=days[-1],
        n_days=len(days),
        rows=[_row(track, days_a_year) for track in tracks],
        correlation={
            f"{one.analysis.symbol}/{other.analysis.symbol}": value
            for one, other in combinations(tracks, 2)
            if (value := _correlation(one.returns, other.returns)) is not None
        },
        days=days,
        performance={
            track.analysis.symbol: [change_percent(track.closes[0], close) for close in track.closes]
            for track in tracks
        },
        notes=_notes(unique, days, timeframe),
    )


def _common_days(analyses: list[Analysis], timeframe: str) -> list[date]:
    shared = set.intersection(*({bar.day for bar in analysis.bars} for analysis in analyses))
    ordered = sorted(shared)
    if ordered:
        start = start_of(timeframe, ordered[-1])
        before = [day for day in ordered if day <= start]
        ordered = [*before[-1:], *(day for day in ordered if day > start)]
    if len(ordered) < 2:
        spans = "; ".join(
            f"{analysis.symbol} has {day_text(analysis.bars[0].day)} to {day_text(analysis.bars[-1].day)} "
            f"({analysis.source.kind} data)"
            for analysis in analyses
        )
        raise NotEnoughHistory(f"These symbols share no window of days to compare: {spans}.")
    return ordered


def _track(analysis: Analysis, days: list[date]) -> _Track:
    index = {bar.day: i for i, bar in enumerate(analysis.bars)}
    closes = [analysis.lines.close[index[day]] for day in days]
    returns = [math.log(after / before) for before, after in pairwise(closes)]
    return _Track(analysis=analysis, closes=closes, returns=returns, last=index[days[-1]])


def _row(track: _Track, days_a_year: int) -> ComparedSymbol:
    analysis, closes = track.analysis, track.closes
    average = analysis.lines.sma_200[track.last]
    return ComparedSymbol(
        symbol=analysis.symbol,
        name=analysis.instrument.name,
        first_close=closes[0],
        close=closes[-1],
        change_pct=change_percent(closes[0], closes[-1]),
        volatility_pct=ratio(100 * _volatility(track.returns, days_a_year)),
        max_drawdown_pct=ratio(100 * _drawdown(closes)),
        rsi_14=analysis.lines.rsi_14[track.last],
        vs_sma_200_pct=None if average is None else percent(closes[-1] - average, average),
        source=analysis.source,
    )


def _is_crypto(analysis: Analysis) -> bool:
    return analysis.instrument.asset == "crypto"


def _volatility(returns: list[float], days_a_year: int) -> float:
    """Annualised sample standard deviation of daily log returns; 0 of a single return."""
    if len(returns) < 2:
        return 0.0
    mean = math.fsum(returns) / len(returns)
    variance = math.fsum((value - mean) ** 2 for value in returns) / (len(returns) - 1)
    return math.sqrt(variance * days_a_year)


def _drawdown(closes: list[float]) -> float:
    """The deepest fall from an earlier close, as a share, negative or 0."""
    top, deepest = closes[0], 0.0
    for close in closes:
        top = max(top, close)
        deepest = min(deepest, close / top - 1)
    return deepest


def _correlation(one: list[float], other: list[float]) -> float | None:
    """Pearson's, of equally long lists; None where one of them does not vary."""
    n = len(one)
    mean_one, mean_other = math.fsum(one) / n, math.fsum(other) / n
    spread_one = math.fsum((value - mean_one) ** 2 for value in one)
    spread_other = math.fsum((value - mean_other) ** 2 for value in other)
    if not spread_one or not spread_other:
        return None
    shared = math.fsum((a - mean_one) * (b - mean_other) for a, b in zip(one, other, strict=True))
    return ratio(max(-1.0, min(1.0, shared / math.sqrt(spread_one * spread_other))))


def _notes(analyses: list[Analysis], days: list[date], timeframe: str) -> list[str]:
    notes = []
    kinds = {analysis.source.kind for analysis in analyses}
    if len(kinds) > 1:
        listed = ", ".join(f"{analysis.symbol} is {analysis.source.kind}" for analysis in analyses)
        notes.append(f"The symbols have data of different kinds: {listed}.")
    newest = max(analysis.bars[-1].day for analysis in analyses)
    if days[-1] < newest:
        notes.append(f"The comparison ends on {day_text(days[-1])}, the last day all of them have.")
    if timeframe != "MAX" and days[0] > start_of(timeframe, days[-1]):
        notes.append(f"The common history begins on {day_text(days[0])}: shorter than {IN_WORDS[timeframe]}.")
    if len(days) < FEW_DAYS:
        notes.append(f"{len(days)} common days: too few for volatility and correlation to say much.")
    if {_is_crypto(analysis) for analysis in analyses} == {True, False}:
        notes.append("Only days on which both markets traded are compared.")
    return notes
