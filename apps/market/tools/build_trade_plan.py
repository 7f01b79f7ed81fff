"""A complete conditional plan for one symbol: entry, stop, targets and size."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from apps.market.analysis.levels import find_levels
from apps.market.analysis.plans import ACCOUNT, RISK_PCT, PlanRequest, build_trade_plan
from apps.market.tools.market import Market
from apps.market.tools.results import TradePlan
from apps.market.tools.tool import Arguments, SymbolField, Tool

LARGEST_AMOUNT = 1e12


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


class BuildTradePlan(Arguments):
    symbol: SymbolField
    direction: Annotated[
        Literal["long", "short"] | None,
        BeforeValidator(_lower),
        Field(description="null: long, or short where the trend is down."),
    ] = None
    entry: Annotated[
        float | None,
        Field(gt=0, le=LARGEST_AMOUNT, description="Entry price, above 0; null: the best-founded level."),
    ] = None
    stop: Annotated[
        float | None,
        Field(
            gt=0,
            le=LARGEST_AMOUNT,
            description="Stop price, below the entry of a long and above that of a short; null: behind structure.",
        ),
    ] = None
    stop_pct: Annotated[
        float | None,
        Field(
            gt=0,
            lt=100,
            description="Stop as a distance from the entry in percent of it, above 0 and below 100, instead of a "
            "price; null: not given.",
        ),
    ] = None
    account: Annotated[
        float | None,
        Field(gt=0, le=LARGEST_AMOUNT, description=f"Account size in US dollars, above 0; null: {ACCOUNT:,.0f}."),
    ] = None
    risk_pct: Annotated[
        float | None,
        Field(
            gt=0, le=100, description=f"Percent of the account to risk, above 0 and at most 100; null: {RISK_PCT:g}."
        ),
    ] = None


def run(arguments: BuildTradePlan, market: Market) -> TradePlan:
    analysis = market.analysis(arguments.symbol)
    request = PlanRequest(
        direction=arguments.direction,
        entry=arguments.entry,
        stop=arguments.stop,
        stop_pct=arguments.stop_pct,
        account=arguments.account,
        risk_pct=arguments.risk_pct,
    )
    return build_trade_plan(analysis, find_levels(analysis), request)


BUILD_TRADE_PLAN = Tool(
    name="build_trade_plan",
    description=(
        "A conditional trade plan for a symbol: entry, stop, targets, reward to risk, whole shares from account and "
        "risk, what voids it, assumptions and warnings. Use it for any question about entering, a stop, or how many "
        "shares. It places no order."
    ),
    arguments=BuildTradePlan,
    run=run,
)
