"""Trade plans: entry, stop, targets and size, from measured levels and plain arithmetic.

A plan is conditional and complete: without a stop, a size and a sentence on what voids it there is none. Prices are
rounded first, then distances, ratios and sizes are computed from the rounded prices.
"""

import math
from dataclasses import dataclass
from decimal import Decimal

from apps.market.analysis.rounding import day_text, price, price_text, ratio
from apps.market.analysis.series import FULL_BARS, Analysis, trend_of
from apps.market.errors import BadArguments, NotEnoughHistory
from apps.market.tools.results import Level, Levels, Target, TradePlan
from apps.market.values import Kind

ACCOUNT = 10_000.0
RISK_PCT = 1.0
EXPIRES_SESSIONS = 10
#: A setup further away than this is rarely filled before the plan lapses.
REACHABLE_ATR = 4.0
#: Structure between these distances from the entry carries the stop, which stands this far beyond it.
STRUCTURE_ATR = (0.5, 2.0)
BEYOND_ATR = 0.5
#: The stop's distance where no structure carries it.
PLAIN_STOP_ATR = 1.5
NOISE_ATR = 0.5
MOST_TARGETS = 3
FEWEST_TARGETS = 2
WEAK_REWARD_RISK = 1.5
HIGH_RISK_PCT = 2.0
HIGH_POSITION_PCT = 25.0
SMALLEST_AMOUNT = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """What the person asked for; None where they left it open. `direction` is "long" or "short".

    `stop_pct` is the stop's distance in percent of the entry, for who names no price.
    """

    direction: str | None = None
    entry: float | None = None
    stop: float | None = None
    stop_pct: float | None = None
    account: float | None = None
    risk_pct: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """A direction as a sign, so that one rule serves both: `ahead` is where a trade gains."""

    direction: str
    sign: int
    behind: str
    ahead: str

    def gain(self, start: float, end: float) -> float:
        """The way from `start` to `end`, positive where the trade gains."""
        return self.sign * (end - start)


LONG = _Side(direction="long", sign=1, behind="below", ahead="above")
SHORT = _Side(direction="short", sign=-1, behind="above", ahead="below")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Size:
    account: float
    risk_pct: float
    risk_per_share: float
    risk_amount: float
    shares: int
    position_value: float
    position_pct: float
    capped: bool


def build_trade_plan(analysis: Analysis, levels: Levels, request: PlanRequest) -> TradePlan:
    """The plan at the close of the last bar.

    Direction: as asked; otherwise long, or short where the trend is down. Entry: as given; otherwise the setup with
    most reasons among those within 4 ATR (long: LTB, ST, QE, nearest support; short: the resistances), the nearest of
    equals; the nearest setup where none is that close; the close where there is no setup. Stop: as given, as a price
    or in percent of the entry; otherwise 0.5 ATR beyond the nearest level that lies 0.5 to 2 ATR behind the entry, or
    1.5 ATR from the entry. Targets: the next levels ahead that pay at least the risk, filled up to two with multiples
    of the risk.

    Raises BadArguments for an account, risk or stop that makes no sense, NotEnoughHistory below 100 bars.
    """
    _check(request)
    assumptions: list[str] = []
    side = _choose_side(analysis, request, assumptions)
    setup, entry, entry_reason = _choose_entry(levels, side, request)
    stop, stop_reason = _choose_stop(levels, side, entry, request)
    risk = _difference(entry, stop)
    targets = _choose_targets(levels, side, entry, risk)
    size = _size(entry, risk, request, assumptions)
    return TradePlan(
        symbol=analysis.symbol,
        name=analysis.instrument.name,
        direction=side.direction,
        setup=setup,
        close=levels.close,
        entry=entry,
        entry_reason=entry_reason,
        stop=stop,
        stop_reason=stop_reason,
        stop_distance_pct=ratio(100 * risk / entry),
        stop_distance_atr=ratio(risk / levels.atr_14),
        targets=targets,
        reward_risk=targets[0].reward_risk,
        account=size.account,
        risk_pct=size.risk_pct,
        risk_per_share=size.risk_per_share,
        risk_amount=size.risk_amount,
        shares=size.shares,
        position_value=size.position_value,
        position_pct=size.position_pct,
        invalidation=(
            f"A close {side.behind} {price_text(stop)}, or no fill within {EXPIRES_SESSIONS} sessions, voids the plan."
        ),
        expires_sessions=EXPIRES_SESSIONS,
        assumptions=assumptions,
        warnings=_warnings(analysis, side, levels, entry, stop, targets, size),
        source=analysis.source,
    )


def _check(request: PlanRequest) -> None:
    for name, value in (("account", request.account), ("entry", request.entry), ("stop", request.stop)):
        if value is not None and not (math.isfinite(value) and value >= SMALLEST_AMOUNT):
            raise BadArguments(f"The {name} must be an amount of at least {SMALLEST_AMOUNT}.", argument=name)
    if request.risk_pct is not None and not 0 < request.risk_pct <= 100:
        raise BadArguments("The risk must be above 0 and at most 100 percent of the account.", argument="risk_pct")
    if request.stop_pct is not None and not 0 < request.stop_pct < 100:
        raise BadArguments("The stop's distance must be above 0 and below 100 percent.", argument="stop_pct")
    if request.stop is not None and request.stop_pct is not None:
        raise BadArguments("Give the stop as a price or as a distance in percent, not both.", argument="stop_pct")
    if request.direction not in (None, "long", "short"):
        raise BadArguments('The direction must be "long" or "short".', argument="direction")


def _choose_side(analysis: Analysis, request: PlanRequest, assumptions: list[str]) -> _Side:
    if request.direction is not None:
        return LONG if request.direction == "long" else SHORT
    trend = trend_of(analysis)
    if request.entry is not None and request.stop is not None and request.stop < request.entry:
        assumptions.append("Long, as the stop given is below the entry.")
        return LONG
    side = SHORT if trend.direction == "down" else LONG
    assumptions.append(f"{side.direction.capitalize()}, as the trend is {trend.direction}: {trend.rule}.")
    return side


def _choose_entry(levels: Levels, side: _Side, request: PlanRequest) -> tuple[str, float, str]:
    """Setup, price and reason."""
    if request.entry is not None:
        return "given", price(request.entry), "as given"
    setups = _setups(levels, side)
    if request.stop is not None:
        setups = [setup for setup in setups if side.gain(price(request.stop), setup.price) > 0]
    reachable = [setup for setup in setups if abs(setup.distance_atr) <= REACHABLE_ATR]
    if reachable:
        best = max(reachable, key=lambda setup: (len(setup.reasons), -abs(setup.distance_atr)))
    elif setups:
        best = min(setups, key=lambda setup: abs(setup.distance_atr))
    else:
        return "close", levels.close, "the last close, for want of a level to enter at"
    return best.name, best.price, "; ".join(best.reasons)


def _setups(levels: Levels, side: _Side) -> list[Level]:
    if side is SHORT:
        return levels.resistance
    named = [level for level in (levels.ltb, levels.st, levels.qe) if level is not None]
    return [*named, *levels.support[:1]]


def _choose_stop(levels: Levels, side: _Side, entry: float, request: PlanRequest) -> tuple[float, str]:
    if request.stop is not None:
        stop = price(request.stop)
        if side.gain(stop, entry) <= 0:
            raise BadArguments(
                f"The stop {price_text(stop)} is not {side.behind} the entry {price_text(entry)}: "
                f"a {side.direction} plan needs it {side.behind} the entry.",
                argument="stop",
                entry=entry,
                stop=stop,
            )
        return stop, "as given"
    atr = levels.atr_14
    if request.stop_pct is not None:
        stop = price(entry * (1 - side.sign * request.stop_pct / 100))
        if stop <= 0 or side.gain(stop, entry) <= 0:
            raise BadArguments(
                f"A stop {request.stop_pct:g} % {side.behind} {price_text(entry)} is no price of its own.",
                argument="stop_pct",
            )
        return stop, f"{request.stop_pct:g} % {side.behind} the entry, as given"
    nearest, furthest = (multiple * atr for multiple in STRUCTURE_ATR)
    known = [*levels.support, *levels.resistance]
    behind = [level for level in known if nearest <= side.gain(level.price, entry) <= furthest]
    if behind:
        structure = min(behind, key=lambda level: abs(level.price - entry))
        stop = price(structure.price - side.sign * BEYOND_ATR * atr)
        reason = f"{BEYOND_ATR:g} ATR {side.behind} the level {price_text(structure.price)}"
    else:
        stop = price(entry - side.sign * PLAIN_STOP_ATR * atr)
        reason = f"{PLAIN_STOP_ATR:g} ATR {side.behind} the entry, as no level lies close enough {side.behind} it"
    if stop <= 0 or side.gain(stop, entry) <= 0:
        raise NotEnoughHistory(
            f"A day's range of {price_text(atr)} leaves no room for a stop {side.behind} {price_text(entry)}."
        )
    return stop, reason


def _ahead(levels: Levels, side: _Side, entry: float) -> list[Level]:
    """The levels a trade from `entry` meets, nearest first."""
    opposite = levels.resistance if side is LONG else levels.support
    return [level for level in opposite if side.gain(entry, level.price) > 0]


def _choose_targets(levels: Levels, side: _Side, entry: float, risk: float) -> list[Target]:
    targets: list[Target] = []
    for level in _ahead(levels, side, entry):
        distance = _difference(level.price, entry)
        beyond = not targets or side.gain(targets[-1].price, level.price) > 0
        if beyond and distance >= risk and len(targets) < MOST_TARGETS:
            reward_risk = ratio(distance / risk)
            targets.append(Target(price=level.price, reward_risk=reward_risk, reason="; ".join(level.reasons)))
    while len(targets) < FEWEST_TARGETS:
        multiple = math.ceil(targets[-1].reward_risk + 0.5) if targets else 2
        value = price(entry + side.sign * multiple * risk)
        if value <= 0:
            break
        reward_risk = ratio(_difference(value, entry) / risk)
        reason = f"{multiple} times the risk, for want of a level there"
        targets.append(Target(price=value, reward_risk=reward_risk, reason=reason))
    if not targets:
        raise BadArguments(
            f"With {price_text(risk)} at risk a short from {price_text(entry)} has no target above zero; "
            "it needs a nearer stop.",
            argument="stop",
        )
    return targets


def _size(entry: float, risk: float, request: PlanRequest, assumptions: list[str]) -> _Size:
    """Whole shares, rounded down, at most what the account can pay for without borrowing."""
    account, risk_pct = request.account, request.risk_pct
    if account is None:
        account = ACCOUNT
        assumptions.append(f"An account of {account:,.0f} USD is assumed.")
    if risk_pct is None:
        risk_pct = RISK_PCT
        assumptions.append(f"A risk of {risk_pct:g} % of the account is assumed.")
    account = round(account, 2)
    money, per_share, cost = Decimal(str(account)), Decimal(str(risk)), Decimal(str(entry))
    by_risk = int(money * Decimal(str(risk_pct)) / 100 // per_share)
    affordable = int(money // cost)
    shares = min(by_risk, affordable)
    return _Size(
        account=account,
        risk_pct=risk_pct,
        risk_per_share=risk,
        risk_amount=float(round(shares * per_share, 2)),
        shares=shares,
        position_value=float(round(shares * cost, 2)),
        position_pct=float(round(100 * shares * cost / money, 2)),
        capped=affordable < by_risk,
    )


def _warnings(
    analysis: Analysis, side: _Side, levels: Levels, entry: float, stop: float, targets: list[Target], size: _Size
) -> list[str]:
    """What is weak, the worst first."""
    trend = trend_of(analysis)
    risk = _difference(entry, stop)
    n = len(analysis.bars)
    against = (side is LONG and trend.direction == "down") or (side is SHORT and trend.direction == "up")
    in_the_way = next((level for level in _ahead(levels, side, entry) if _difference(level.price, entry) < risk), None)
    distance_atr = ratio(abs(entry - levels.close) / levels.atr_14)
    kind = analysis.source.kind
    found = [
        (
            side.gain(stop, levels.close) <= 0,
            "The last close is already beyond the stop: the plan is void unless price returns to the entry.",
        ),
        (
            kind is Kind.SIMULATED,
            "The prices are simulated: this plan is an exercise, and nothing in it can be traded.",
        ),
        (
            kind is Kind.SAMPLE,
            f"The prices end on {day_text(analysis.source.as_of)}: this plan is an exercise on past data.",
        ),
        (
            targets[0].reward_risk < WEAK_REWARD_RISK,
            f"Reward to risk is {targets[0].reward_risk:g} at the first target, below {WEAK_REWARD_RISK:g}.",
        ),
        (
            in_the_way is not None,
            f"{_place(in_the_way)} stands before the first target, nearer to the entry than the stop.",
        ),
        (
            size.risk_pct > HIGH_RISK_PCT,
            f"A risk of {size.risk_pct:g} % on one trade is more than {HIGH_RISK_PCT:g} % of the account.",
        ),
        (
            risk < NOISE_ATR * levels.atr_14,
            f"The stop is {risk / levels.atr_14:.2f} ATR from the entry; within {NOISE_ATR:g} ATR "
            "ordinary daily noise can reach it.",
        ),
        (
            size.shares == 0,
            "The account is too small to buy one whole share or unit at this risk.",
        ),
        (
            size.capped and size.shares > 0,
            f"The account pays for {size.shares} shares, fewer than the risk would allow; no borrowing is assumed.",
        ),
        (
            size.position_pct > HIGH_POSITION_PCT,
            f"The position takes {size.position_pct:.2f} % of the account, more than {HIGH_POSITION_PCT:g} %.",
        ),
        (
            against,
            f"The trend is {trend.direction}, and a {side.direction} goes against it.",
        ),
        (
            distance_atr > REACHABLE_ATR,
            f"The entry is {distance_atr:g} ATR from the close and may not be reached within "
            f"{EXPIRES_SESSIONS} sessions.",
        ),
        (
            n < FULL_BARS,
            f"Only {n} bars: levels and averages rest on little history.",
        ),
    ]
    return [sentence for holds, sentence in found if holds]


def _place(level: Level | None) -> str:
    return f"{level.name.capitalize()} at {price_text(level.price)}" if level else ""


def _difference(one: float, other: float) -> float:
    """The exact distance between two printed prices."""
    return float(abs(Decimal(str(one)) - Decimal(str(other))))
