"""The reasons behind the answer before: which rule or measurement each part of it rests on."""

import re
from collections.abc import Iterator

from apps.providers.analyst.answers import phrases
from apps.providers.analyst.answers.levels import reasons
from apps.providers.analyst.turn import Result, Turn

PART = re.compile(r"\b(stop|entry|target|long|short)s?\b", re.IGNORECASE)
FROM_PRICES_ALONE = "Prices say what happened, not why; for reasons one needs news."


def paragraphs(turn: Turn) -> Iterator[str]:
    plan, levels, read = (turn.result(name) for name in ("build_trade_plan", "get_levels", "get_indicators"))
    news = turn.result("get_news")
    match turn.reading.intent:
        case "plan" if plan:
            part = PART.search(turn.reading.question)
            yield from of_part(plan, part[1].lower()) if part else of_plan(plan)
        case "levels" if levels:
            yield from of_levels(levels)
        case "indicators" if read:
            yield from of_reading(read)
        case _ if news:
            yield f"**{FROM_PRICES_ALONE}** {phrases.sentence(news.words('note')) if news.get('note') else ''}".strip()
            if read:
                yield f"{phrases.trend_sentence(read)} {phrases.momentum_sentence(read)} That is {phrases.stamp(read)}."


def of_part(plan: Result, part: str) -> Iterator[str]:
    """The reasons of one part of a plan alone."""
    name = f"the {plan.get('direction')} plan for {plan.get('symbol')}"
    closing = f"The {phrases.last_close(plan)} is {plan.price('close')} {phrases.stamp(plan)}."
    match part:
        case "stop":
            yield (
                f"**The stop of {name} is {plan.price('stop')}:** {phrases.clause(plan.words('stop_reason'))}. "
                f"That is {plan.size_percent('stop_distance_pct')} or {plan.number('stop_distance_atr', 'size_ratio')} "
                f"ATR from the entry at {plan.price('entry')}. {closing}"
            )
            yield phrases.sentence(plan.words("invalidation"))
        case "entry":
            yield (
                f"**The entry of {name} is {plan.price('entry')}:** {phrases.clause(plan.words('entry_reason'))}. "
                f"{closing}"
            )
        case "target":
            lines = [
                f"**{plan.price(f'targets.{index}.price')}**: {phrases.clause(plan.words(f'targets.{index}.reason'))}."
                for index in range(len(plan.get("targets")))
            ]
            yield f"**The targets of {name}:**\n\n{phrases.bullets(lines)}"
            yield closing
        case _:
            trend = next((i for i, text in enumerate(plan.get("assumptions")) if "trend" in text), None)
            reason = "you named the side" if trend is None else phrases.clause(plan.words(f"assumptions.{trend}"))
            yield f"**Why {plan.get('direction')}:** {reason}. {closing}"


def of_plan(plan: Result) -> Iterator[str]:
    yield (
        f"**The {plan.get('direction')} plan for {plan.get('symbol')} rests on measured prices**, with "
        f"{phrases.a_close(plan)} {plan.price('close')} {phrases.stamp(plan)}."
    )
    lines = [
        f"**Entry** {plan.price('entry')}: {phrases.clause(plan.words('entry_reason'))}.",
        f"**Stop** {plan.price('stop')}: {phrases.clause(plan.words('stop_reason'))}.",
        f"**First target** {plan.price('targets.0.price')}: {phrases.clause(plan.words('targets.0.reason'))}.",
    ]
    yield phrases.bullets(lines)
    assumptions = [
        phrases.sentence(plan.words(f"assumptions.{index}")) for index in range(len(plan.get("assumptions")))
    ]
    if assumptions:
        yield f"**Assumed:** {' '.join(assumptions)}"
    yield f"**What would show it wrong:** {phrases.sentence(plan.words('invalidation'))}"


def of_levels(levels: Result) -> Iterator[str]:
    yield (
        f"**A level is a price where several measurements of {levels.get('symbol')} fall together**, "
        f"here up to the {phrases.last_close(levels)} {phrases.stamp(levels)}."
    )
    lines = [
        f"**{side.capitalize()}** {levels.price(f'{side}.0.price')}: {reasons(levels, f'{side}.0')}"
        for side in ("support", "resistance")
        if levels.get(side)
    ]
    if lines:
        yield phrases.bullets(lines)
    yield "If price closes through one of them, its reasons are used up and the next one counts."


def of_reading(read: Result) -> Iterator[str]:
    yield (
        f"**The reading of {read.get('symbol')} follows two rules**, applied to "
        f"{phrases.a_close(read)} {read.price('close')} {phrases.stamp(read)}."
    )
    lines = [
        "**Trend:** up when the close stands above the 50-day and that above the 200-day average, down in the "
        "reverse order. " + phrases.trend_sentence(read),
        "**Momentum:** up when RSI(14) is in its upper half and MACD above its signal line, down when both are "
        "the reverse. " + phrases.momentum_sentence(read),
    ]
    yield phrases.bullets(lines)
    yield (
        "If both agree, it leans that way; if not, it leans neither way. "
        f"What would change it: {phrases.turning_point(read)}."
    )
