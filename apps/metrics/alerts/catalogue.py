"""What each measure is, in one table: its unit, what it can be about, its longest window, what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from apps.metrics.models import About, Measure


class Unit(StrEnum):
    MILLISECONDS = "ms"
    PERCENT = "%"
    DOLLARS = "USD"
    DAYS = "days"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """`counted` names the samples, `what` completes "p95 of …" or "… of 312 turns"; `to_do` is for three at night."""

    unit: Unit
    abouts: tuple[About, ...]
    counted: str
    what: str
    to_do: str
    most_minutes: int = 360
    is_bad_below: bool = False
    #: No estimate from samples: a sum or a date, where nothing found is a figure as well.
    is_exact: bool = False

    @property
    def has_window(self) -> bool:
        return self.unit != Unit.DAYS


SLOW = (
    "Look at the rollout page for open circuits and at the server's status page. If it lasts, give the provider a "
    "smaller share or stop it; the next one answers its sessions."
)
FOR_TURNS = (About.EACH_PROVIDER, About.EVERYTHING)

KINDS: Mapping[str, Kind] = {
    Measure.TTFT_P95: Kind(
        unit=Unit.MILLISECONDS, abouts=FOR_TURNS, counted="turns", what="time to the first text", to_do=SLOW
    ),
    Measure.LATENCY_P95: Kind(
        unit=Unit.MILLISECONDS, abouts=FOR_TURNS, counted="turns", what="time to the whole answer", to_do=SLOW
    ),
    Measure.BACKEND_ERRORS: Kind(
        unit=Unit.PERCENT,
        abouts=FOR_TURNS,
        counted="tries",
        what="failed",
        to_do="People are answered by the next provider, later than they should be. Its rows say which error "
        "class it is and docs/operations.md what each class wants. If it lasts, stop the provider on the rollout page.",
    ),
    Measure.VISIBLE_ERRORS: Kind(
        unit=Unit.PERCENT,
        abouts=FOR_TURNS,
        counted="turns",
        what="failed for the person",
        to_do="People read an error: no provider rescued these turns. Look at the rollout page whether circuits are "
        "open and who can serve at all; GVSES_FORCE_PROVIDER=analyst answers without any backend.",
    ),
    Measure.COST: Kind(
        unit=Unit.DOLLARS,
        abouts=(About.EVERYTHING, About.EACH_PROVIDER, About.EACH_PERSON),
        counted="turns",
        what="cost",
        to_do="Look at its rows for who asks how much. One person: switch the account off, or lower "
        "TURNS_PER_PERSON. One provider: stop it, or give it a smaller share or a cheaper model.",
        most_minutes=1_440,
        is_exact=True,
    ),
    Measure.COST_UNKNOWN: Kind(
        unit=Unit.PERCENT,
        abouts=FOR_TURNS,
        counted="turns",
        what="have no known cost",
        to_do="Limits on cost do not see these turns. Look at their rows. With tokens: the model has no price; give it "
        "one in the admin. Without: the answer was stopped or cut before the server said what it used, and no price "
        "helps. It can wait for the morning.",
        most_minutes=1_440,
    ),
    Measure.MODEL_END: Kind(
        unit=Unit.DAYS,
        abouts=(About.EACH_MODEL,),
        counted="uses",
        what="is left",
        to_do="Set another model where it is used, in the assistant profiles or the workflow, and try it on one "
        "session first. manage.py check_models says which models are configured and what the server says of them.",
        is_bad_below=True,
        is_exact=True,
    ),
}


def in_unit(value: float, unit: str) -> str:
    """A figure as people read it: "1,240 ms", "12.5 %", "4.20 USD", "1 day"."""
    match unit:
        case Unit.MILLISECONDS:
            return f"{value:,.0f} ms"
        case Unit.PERCENT:
            return f"{value:.3g} %" if value < 1 else f"{value:.1f} %"
        case Unit.DOLLARS:
            return f"{value:,.2f} USD"
    days = round(value)
    return f"{days:,} {'day' if abs(days) == 1 else 'days'}"


def window_in_words(minutes: int) -> str:
    """ "15 minutes", "1 hour", "24 hours"."""
    n, unit = (minutes // 60, "hour") if minutes % 60 == 0 else (minutes, "minute")
    return f"{n} {unit}{'' if n == 1 else 's'}"
