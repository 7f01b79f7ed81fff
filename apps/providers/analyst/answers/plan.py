"""A conditional trade plan: entry, stop, targets, size, what voids it, and what it assumes. Drafted, never placed."""

from collections.abc import Iterator

from apps.providers.analyst.answers import phrases
from apps.providers.analyst.turn import Result, Turn

DISCLAIMER = "*Conditional plan for study, not advice; a stop can fill at a worse price than its own.*"
IN_DATA = {"simulated": "in simulated data, ", "sample": "in sample data, "}
TARGETS = ("First", "Second", "Third")
NO_ORDER = "**I draft plans and never place orders: nothing was bought or sold.** Here is the plan to check first."

YOUR_DECISION = (
    "**Whether to buy or sell is your own decision, and I give no personal advice.** Here is a plan to weigh it by."
)


def paragraphs(turn: Turn) -> Iterator[str]:
    plan = turn.result("build_trade_plan")
    if plan is None:
        return
    if turn.reading.topic == "order":
        yield NO_ORDER
    if turn.reading.topic == "advice":
        yield YOUR_DECISION
    yield headline(plan)
    if stop_is_passed(plan):
        yield f"**{phrases.sentence(plan.words('warnings.0'))}**"
    yield phrases.bullets(list(lines(plan)))
    for title, key in (("Assumed", "assumptions"), ("Mind", "warnings")):
        told = 1 if key == "warnings" and stop_is_passed(plan) else 0
        texts = [phrases.sentence(plan.words(f"{key}.{index}")) for index in range(told, len(plan.get(key)))]
        if texts:
            yield f"**{title}:** {' '.join(texts)}"
    if turn.reading.parameters.shares:
        yield (
            f"**The size is not the {turn.reading.parameters.shares:,.0f} you named:** it follows the risk, so that "
            "the stop costs no more than that."
        )
    if turn.reading.parameters.risk_amount and not turn.reading.parameters.account:
        yield "A risk in dollars becomes a size once I know the account it comes from."
    yield from phrases.stale(turn)
    yield from phrases.cases(turn)
    yield DISCLAIMER


def headline(plan: Result) -> str:
    """If-then, with the day and kind of the data it rests on."""
    data = IN_DATA.get(plan.get("source.kind"), "")
    return (
        f"**{plan.get('symbol')}, {data}a {plan.get('direction')} plan:** "
        f"if it trades at {plan.price('entry')}, then "
        f"the stop is {plan.price('stop')} and the first target {plan.price('targets.0.price')}, "
        f"{plan.number('reward_risk', 'ratio')} times the risk. "
        f"The {phrases.last_close(plan)} is {plan.price('close')} {phrases.stamp(plan)}."
    )


def stop_is_passed(plan: Result) -> bool:
    """Whether the last close lies beyond the stop; the plan's first warning then says so."""
    close, stop = plan.get("close"), plan.get("stop")
    return bool(close >= stop if plan.get("direction") == "short" else close <= stop)


def lines(plan: Result) -> Iterator[str]:
    yield f"**Entry** {plan.price('entry')} ({entry_basis(plan)}): {phrases.clause(plan.words('entry_reason'))}."
    yield (
        f"**Stop** {plan.price('stop')}: {phrases.clause(plan.words('stop_reason'))}; "
        f"{plan.size_percent('stop_distance_pct')} or {plan.number('stop_distance_atr', 'size_ratio')} ATR "
        "from the entry."
    )
    for index in range(len(plan.get("targets"))):
        yield target(plan, index)
    yield size(plan)
    yield f"**Invalidation:** {phrases.sentence(plan.words('invalidation'))}"
    if "sessions" not in plan.get("invalidation"):
        yield f"**Expiry:** it lapses when not filled within {plan.number('expires_sessions', 'count')} sessions."


def target(plan: Result, index: int) -> str:
    name = TARGETS[index] if index < len(TARGETS) else "Next"
    price, reason = plan.price(f"targets.{index}.price"), plan.get(f"targets.{index}.reason")
    if "times the risk" in reason:
        return f"**{name} target** {price}: {phrases.clause(plan.words(f'targets.{index}.reason'))}."
    times = plan.number(f"targets.{index}.reward_risk", "ratio")
    return (
        f"**{name} target** {price}, {times} times the risk: {phrases.clause(plan.words(f'targets.{index}.reason'))}."
    )


def entry_basis(plan: Result) -> str:
    setup = str(plan.get("setup"))
    names = {
        "LTB": "LTB, Load the Boat",
        "ST": "ST, Swing Trade",
        "QE": "QE, Quick Entry",
        "given": "your price",
        "close": "the close",
    }
    return names.get(setup, setup)


def size(plan: Result) -> str:
    if not plan.get("shares"):
        return (
            f"**Size** {plan.number('shares', 'count')}: {plan.number('risk_pct', 'plain_percent')} of an account of "
            f"{plan.price('account')} does not pay for one unit with {plan.price('risk_per_share')} at risk."
        )
    units = "unit" if plan.get("symbol").endswith(phrases.CRYPTO) else "share"
    units += "" if plan.get("shares") == 1 else "s"
    return (
        f"**Size** {plan.number('shares', 'count')} {units} at {plan.number('risk_pct', 'plain_percent')} risk "
        f"on an account of {plan.price('account')}: {plan.price('position_value')} in the position "
        f"({plan.size_percent('position_pct')} of the account), and the stop would cost {plan.price('risk_amount')}."
    )
