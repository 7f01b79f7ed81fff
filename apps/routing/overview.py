"""What operations reads: who serves now and why, in sentences; the admin page and the shell show the same ones."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from apps.providers.registry import DEFAULT_PROVIDER
from apps.routing.choose import Standing
from apps.routing.circuit_notes import CircuitNote, circuit_note, circuits_headline
from apps.routing.circuits import is_floor, open_circuits
from apps.routing.ledger import current_rollout
from apps.routing.models import Rollout
from apps.routing.services import forced_provider, standing
from apps.routing.shares import percent, percent_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A stop in force."""

    reason: str
    by: str
    at: datetime | None
    is_cut: bool = False
    instead: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderRow:
    """One provider. `share` is in basis points of new sessions, `serves` is who serves its sessions now."""

    name: str
    share: int
    serves: str | None
    #: Why it does not serve itself, as the end of a sentence about it, or None.
    why_not: str | None
    #: Whether it could serve at all, were it not stopped.
    has_backend: bool
    #: What becomes of its share, as a sentence; empty where it serves its own.
    share_note: str
    #: What a stop would do, as a sentence.
    stop_effect: str
    stop: Stop | None
    #: Its circuit, while it is open.
    circuit: CircuitNote | None

    @property
    def is_default(self) -> bool:
        return self.name == DEFAULT_PROVIDER

    @property
    def share_text(self) -> str:
        return percent(self.share)

    @property
    def share_number(self) -> str:
        return percent_number(self.share)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The rollout as it works now."""

    version: int
    updated_at: datetime
    #: When it was looked at; what circuits do may have changed since.
    as_of: datetime
    headline: str
    rows: tuple[ProviderRow, ...]

    @property
    def open_circuits(self) -> list[ProviderRow]:
        return [row for row in self.rows if row.circuit]

    @property
    def calls(self) -> list[str]:
        """What somebody has to do before things get better, each said once however many circuits it opened."""
        notes = [row.circuit for row in self.rows if row.circuit and row.circuit.wants_somebody]
        said = {note.circuit.last_code: note.to_do for note in sorted(notes, key=attrgetter("is_tried"))}
        able = [row.name for row in self.rows if self.is_outage and row.stop and row.has_backend and not row.circuit]
        return [*(f"{name} is only stopped: resume it and it serves at once." for name in able), *said.values()]

    @property
    def is_outage(self) -> bool:
        """Nobody serves anybody."""
        return all(row.serves is None for row in self.rows)

    def as_json(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "as_of": self.as_of.isoformat(),
            "updated_at": self.updated_at.isoformat(),
            "headline": self.headline,
            "providers": {
                row.name: {
                    "share_percent": row.share / 100,
                    "serves": row.serves,
                    "why_not": row.why_not,
                    "stopped": {
                        "by": row.stop.by,
                        "at": row.stop.at.isoformat() if row.stop.at else None,
                        "reason": row.stop.reason,
                    }
                    if row.stop
                    else None,
                    "circuit": row.circuit.as_json() if row.circuit else None,
                }
                for row in self.rows
            },
        }


def overview() -> Overview:
    rollout, forced, as_of = current_rollout(), forced_provider(), timezone.now()
    now = standing(rollout, circuits=open_circuits(now=as_of, every_s=None))
    names = tuple(dict.fromkeys((*now.providers, *sorted(rollout.shares), *sorted(rollout.kills))))
    rows = tuple(_row(rollout, now, name, forced=forced) for name in names)
    who = headline(now, rollout.shares, forced=forced)
    return Overview(
        version=rollout.version,
        updated_at=rollout.updated_at,
        as_of=as_of,
        headline=f"{who} {circuits_headline([row.circuit for row in rows if row.circuit])}".rstrip(),
        rows=rows,
    )


def headline(now: Standing, shares: Mapping[str, int], *, forced: str | None) -> str:
    """Who serves new sessions, as a sentence."""
    if forced is not None:
        server = now.under(forced).server_for(forced)
        who = f"{server} serves every turn" if server else "nobody can serve: people see an error"
        return f"Break-glass: GVSES_FORCE_PROVIDER names {forced}, so {who}. Shares and stops wait until it is unset."
    served: Counter[str] = Counter()
    for name, share in shares.items():
        belongs_to = now.able_from(name)
        served[(belongs_to and now.server_for(belongs_to)) or ""] += share
    parts = sorted(((share, name) for name, share in served.items() if share), reverse=True)
    match parts:
        case [(_, "")]:
            return "Nobody can serve: people see an error at every turn."
        case [(_, name)]:
            return f"All new sessions are served by {name}."
        case [(share, name), *others]:
            rest = ", ".join(f"{percent(n)} by {who or 'nobody: people see an error'}" for n, who in others)
            return f"{percent(share)} of new sessions are served by {name or 'nobody'}, {rest}."
    return "No provider has a share."


def _row(rollout: Rollout, now: Standing, name: str, *, forced: str | None) -> ProviderRow:
    stop = rollout.kills.get(name)
    return ProviderRow(
        name=name,
        share=rollout.shares.get(name, 0),
        serves=now.server_for(name) if forced is None else now.under(forced).server_for(forced),
        why_not=now.why_not(name),
        has_backend=now.why_unavailable(name) is None,
        share_note=_share_note(now, name, forced=forced),
        stop_effect=_stop_effect(rollout, now, name, forced=forced),
        stop=_stop(stop) if stop else None,
        circuit=circuit_note(now, name, forced=forced),
    )


def _stop(kept: Mapping[str, Any]) -> Stop:
    return Stop(
        reason=kept["reason"],
        by=kept["by"],
        at=parse_datetime(kept["at"]),
        is_cut=bool(kept.get("cut_at")),
        instead=kept.get("instead", ""),
    )


def _share_note(now: Standing, name: str, *, forced: str | None) -> str:
    why = now.why_not(name)
    if why is None:
        return ""
    if forced is not None:
        return f"{why}; its share waits for the end of break-glass"
    server = now.server_for(name)
    return f"{why}: its share goes to {server}" if server else f"{why}, and nobody else can serve its share"


def _stop_effect(rollout: Rollout, now: Standing, name: str, *, forced: str | None) -> str:
    """What stopping would do, as a sentence; empty where it is stopped."""
    if name in now.killed:
        return ""
    if why := now.why_unavailable(name):
        return f"{name} {why}; stopped now, it stays stopped when that changes."
    if name == forced:
        return f"GVSES_FORCE_PROVIDER names {name}: a stop counts only once that is unset."
    after = replace(now, killed=now.killed | {name})
    used = [other for other in now.providers if other == name or rollout.shares.get(other)]
    alone = [other for other in used if after.server_for(other) is None]
    if alone == used:
        return "Nobody else can serve: people see an error at every turn until it is resumed."
    if alone:
        whose = " and ".join(alone)
        return f"Nobody else can serve the sessions of {whose}: people see an error until it is resumed."
    server = after.server_for(name)
    if name in now.circuits:
        return f"{server} serves its sessions already, while its circuit is open; a stop holds until it is resumed."
    if name == DEFAULT_PROVIDER:
        return "The next page asks what serves its sessions instead."
    effect = f"From the next turn {server} serves its sessions."
    if not is_floor(name):
        return effect
    return f"{effect} Nobody rescues a turn then: where another provider fails, people may see an error."
