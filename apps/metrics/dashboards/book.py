"""Which dashboards there are, and how a page of one is read: at most once in half a minute for the same choice."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Generic, TypeVar

from django.core.cache import cache

from apps.metrics.dashboards import ab, tools, trading, voice
from apps.metrics.dashboards.filters import Filters
from apps.metrics.dashboards.freshness import FreshnessNote, freshness_note
from apps.metrics.dashboards.panels import Page, Tile
from apps.metrics.rollups import read

#: Figures only, the same for everybody who may see them.
KEPT_S = 30
#: A page of an earlier version of the code is another page.
VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """`pictures` are the keys of what its picture can show; `overview` reads the tiles that stand for it there."""

    name: str
    title: str
    lead: str
    read: Callable[[Filters], Page]
    overview: Callable[[Filters], tuple[Tile, ...]]
    pictures: tuple[str, ...]
    has_sides: bool = False


DASHBOARDS: dict[str, Dashboard] = {
    "ab": Dashboard(
        name="ab",
        title="A/B",
        lead="Providers side by side: waiting, errors, tokens, cost.",
        read=ab.read_ab,
        overview=ab.ab_overview,
        pictures=tuple(measure.key for measure in ab.PICTURES),
        has_sides=True,
    ),
    "tools": Dashboard(
        name="tools",
        title="Tools",
        lead="What the answers’ tools do: success, time, retries, errors.",
        read=tools.read_tools,
        overview=tools.tools_overview,
        pictures=tuple(measure.key for measure in tools.PICTURES),
    ),
    "voice": Dashboard(
        name="voice",
        title="Voice",
        lead="From ear to mouth: each stage’s time, barge-ins, utterances.",
        read=voice.read_voice,
        overview=voice.voice_overview,
        pictures=tuple(measure.key for measure in voice.PICTURES),
    ),
    "trading": Dashboard(
        name="trading",
        title="Trading",
        lead="What is asked, what the answers carry, what each intent costs.",
        read=trading.read_trading,
        overview=trading.trading_overview,
        pictures=tuple(measure.key for measure in trading.PICTURES),
    ),
}


Read = TypeVar("Read")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading(Generic[Read]):
    """What was read, and how far its figures go, both of one moment."""

    of: Read
    freshness: FreshnessNote


def read_dashboard(dashboard: Dashboard, filters: Filters, *, now: datetime) -> Reading[Page]:
    return _read(dashboard.name, filters, lambda: dashboard.read(filters), now=now)


def read_overview(filters: Filters, *, now: datetime) -> Reading[dict[str, tuple[Tile, ...]]]:
    """The tiles by the name of their dashboard."""
    return _read("", filters, lambda: {name: one.overview(filters) for name, one in DASHBOARDS.items()}, now=now)


def _read(name: str, filters: Filters, read_now: Callable[[], Read], *, now: datetime) -> Reading[Read]:
    choice = sha256(f"{name}?{filters.query}".encode()).hexdigest()
    key = f"dashboards:{VERSION}:{choice}"
    kept: tuple[Read, FreshnessNote] | None = cache.get(key)
    if kept is None:
        # Freshness first: what is built between the two readings is then in the figures and not promised by it.
        note = freshness_note(read.freshness(now=now), now=now)
        kept = (read_now(), note)
        cache.set(key, kept, KEPT_S)
    return Reading(of=kept[0], freshness=kept[1])


def known_models() -> tuple[str, ...]:
    """Models that some turn used, for the filter to offer and to check."""
    key = f"dashboards:{VERSION}:models"
    models = cache.get(key)
    if models is None:
        models = read.known().models
        cache.set(key, models, KEPT_S)
    return tuple(models)
