"""The verdict on a candidate in one sentence, for people who have not seen a figure yet."""

from apps.routing.evidence.guardrails import Guardrail
from apps.routing.evidence.weighing import Judgement, SampleRatio, Verdict
from apps.routing.shares import percent

#: Which sessions a sample ratio was taken of, as a sentence says it.
SPLITS = {"assigned": "assigned", "looked_at": "with a turn that counts"}


def decided(verdict: Verdict, guardrail: Guardrail, judgement: Judgement, *, candidate: str, control: str) -> str:
    """The sentence of a verdict that rests on one guardrail, without its end."""
    return (
        f"{verdict.upper()}: {judgement.bad_candidate:,} of {judgement.n_candidate:,} {candidate} sessions "
        f"{guardrail.met}, {judgement.bad_control:,} of {judgement.n_control:,} of {control}"
    )


def times_as_often(judgement: Judgement) -> str:
    if judgement.risk_ratio is None:
        return "."
    return f": {judgement.risk_ratio:,.1f} times as often."


def margin_held(guardrail: Guardrail) -> str:
    points = f"{100 * guardrail.safe_margin:g}"
    return f"; an excess of more than {points} {'point' if points == '1' else 'points'} is ruled out."


def still_needed(*, more_sessions: int | None, days: float | None, leads_to: Verdict | None) -> str:
    if more_sessions is None:
        return "; how many more it needs cannot be said yet."
    needed = f"{about(more_sessions):,} more {'session' if about(more_sessions) == 1 else 'sessions'}"
    when = "" if days is None else f", {in_days(days)} at this rate"
    if leads_to is Verdict.HARMFUL:
        return f"; if it goes on like this, about {needed}{when} show harm."
    return f"; needs about {needed}{when}."


def nothing_yet(*, candidate: str, control: str, n_candidate: int, n_control: int) -> str:
    if not n_candidate and not n_control:
        return f"INCONCLUSIVE: no session of {candidate} or {control} counts yet."
    return f"INCONCLUSIVE: no session of {control if n_candidate else candidate} counts yet."


def wrong_split(name: str, ratio: SampleRatio, *, candidate: str) -> str:
    expected = round((ratio.expected_share or 0.0) * ratio.n)
    got = round((ratio.observed_share or 0.0) * ratio.n)
    return (
        f"INCONCLUSIVE: of {ratio.n:,} sessions {SPLITS[name]}, {candidate} has {got:,} where its shares give "
        f"{expected:,}. Sessions go missing: find out where before you trust a figure."
    )


def harm_ceiling(*, share: int, n_sessions: int) -> str:
    """`share` in basis points; `n_sessions` a week."""
    if not n_sessions:
        return f"At {percent(share)} the data rule out even one more failed session a week."
    sessions = "session" if n_sessions == 1 else "sessions"
    return (
        f"At {percent(share)} the worst case that the data still allow is {n_sessions:,} more failed {sessions} a week."
    )


def about(n: int) -> int:
    """Two significant figures: a forecast is no count."""
    step = int(10 ** max(0, len(str(n)) - 2))
    return -(-n // step) * step


def in_days(days: float) -> str:
    if days < 1:
        hours = max(1, round(24 * days))
        return f"{hours} {'hour' if hours == 1 else 'hours'}"
    text = f"{days:,.1f}".removesuffix(".0") if days < 10 else f"{days:,.0f}"
    return f"{text} {'day' if text == '1' else 'days'}"
