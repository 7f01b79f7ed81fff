"""How far the figures of a page go, in words, and what to do when they stay behind."""

from dataclasses import dataclass
from datetime import datetime

from apps.metrics.rollups.read import Freshness

WHAT_TO_DO = (
    "The watch builds them once a minute: see that it runs, in the server or as “manage.py watch”, "
    "or build them now with “manage.py rollup”."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshnessNote:
    """`sentence` is said always; `warning` only where something is to be done."""

    sentence: str
    warning: str = ""


def freshness_note(freshness: Freshness, *, now: datetime) -> FreshnessNote:
    if freshness.to is None:
        failed = f" The last try failed with {freshness.error}; the log says why." if freshness.error else ""
        return FreshnessNote(
            sentence="No figures yet.", warning=f"No figures have been built yet.{failed} {WHAT_TO_DO}"
        )
    at = f"{freshness.to:%H:%M:%S} UTC"
    if freshness.to.date() != now.date():
        at = f"{freshness.to.day} {freshness.to:%b}, {at}"
    sentence = f"Figures to {at}"
    if freshness.is_late:
        failed = f"The last build failed with {freshness.error}; the log says why. " if freshness.error else ""
        return FreshnessNote(
            sentence=sentence, warning=f"These figures are late: they go to {at}. {failed}{WHAT_TO_DO}"
        )
    if freshness.due:
        return FreshnessNote(sentence=f"{sentence}; some earlier time is being built again, so sums may still change")
    return FreshnessNote(sentence=sentence)
