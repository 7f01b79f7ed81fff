"""Which dashboards there are, and how a page of one is read: at most once in half a minute for the same choice."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.core.cache import cache

from apps.metrics.dashboards import ab, tools, trading, voice
from apps.metrics.dashboards.filters import Filters
from apps.metrics.dashboards.freshness import FreshnessNote, freshness_note
from apps.metrics.dashboards.panels import Page
from apps.metrics.rollups import read

#: Figures only, the same for everybody who may see them.
KEPT_S = 30
#: A page of an earlier version of the code is another page.
VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """`pictures` are the keys of what its picture can show; `n_tiles` how many tiles stand for it in the overview."""

    name: str
    title: str
    lead: str
    read: Callable[[Filters], Page]
    pictures: tuple[str, ...]
    has_sides: bool = False


DASHBOARDS: dict[str, Dashboard] = {
    "ab": Dashboard(
        name="ab",
        title="A/B",
        lead="Providers side by side: waiting, errors, tokens, cost.",
        read=ab.read_ab,
        pictures=tuple(measure.key for measure in ab.PICTURES),
        has_sides=True,
    ),
    "tools": Dashboard(
        name="tools",
        title="Tools",
        lead="What the answers’ tools do: success, time, retries, errors.",
        read=tools.read_tools,
        pictures=tuple(measure.key for measure in tools.PICTURES),
    ),
    "voice": Dashboard(
        name="voice",
        title="Voice",
        lead="From ear to mouth: each stage’s time, barge-ins, utterances.",
        read=voice.read_voice,
        pictures=tuple(measure.key for measure in voice.PICTURES),
    ),
    "trading": Dashboard(
        name="trading",
        title="Trading",
        lead="What is asked, what the answers carry, what each intent costs.",
        read=trading.read_trading,
        pictures=tuple(measure.key for measure in trading.PICTURES),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A page and how far its figures go, both of one moment."""

    page: Page
    freshness: FreshnessNote


def read_dashboard(dashboard: Dashboard, filters: Filters, *, now: datetime) -> Reading:
    choice = sha256(f"{dashboard.name}?{filters.query}".encode()).hexdigest()
    key = f"dashboards:{VERSION}:{choice}"
    kept = cache.get(key)
    if isinstance(kept, Reading):
        return kept
    # Freshness first: what is built between the two readings is then in the figures and not promised by it.
    note = freshness_note(read.freshness(now=now), now=now)
    reading = Reading(page=dashboard.read(filters), freshness=note)
    cache.set(key, reading, KEPT_S)
    return reading


def known_models() -> tuple[str, ...]:
    """Models that some turn used, for the filter to offer and to check."""
    key = f"dashboards:{VERSION}:models"
    models = cache.get(key)
    if models is None:
        models = read.known().models
        cache.set(key, models, KEPT_S)
    return tuple(models)
