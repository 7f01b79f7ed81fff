"""The page: what serves now, the stop buttons, the evidence, the plan, the shares, and how it came to be."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache

from apps.providers.registry import PROVIDERS
from apps.routing.evidence.harm import recent_harms
from apps.routing.evidence.notes import evidence_notes
from apps.routing.forms import SharesForm
from apps.routing.ledger import current_rollout
from apps.routing.live import Live, live_now
from apps.routing.live_notes import drain_note, live_note, running_note, watch_note
from apps.routing.models import CircuitChange, Proposal, RolloutChange
from apps.routing.overview import Overview, overview
from apps.routing.pages.access import may, page, require, who
from apps.routing.proposals import person
from apps.routing.schedule.notes import schedule_notes

logger = logging.getLogger(__name__)

Note = TypeVar("Note")
N_CHANGES_SHOWN = 20
N_PROPOSALS_SHOWN = 20


@never_cache
def live(request: HttpRequest) -> HttpResponse:
    """What a script keeps true on an open page: the sentences, the counts by provider, and the last change, as JSON."""
    require(request, "view_rollout")
    now, counts = overview(), live_now()
    watch = watch_note(now=now.as_of)
    return JsonResponse(
        {
            "change": current_rollout().ledger_head,
            "at": f"{now.as_of:%H:%M:%S} UTC",
            "headline": now.headline,
            "is_outage": now.is_outage,
            "live": live_note(counts),
            "watch": watch.sentence,
            "is_silent": watch.is_silent,
            "running": {row.name: counts.running.get(row.name, 0) for row in now.rows},
            "notes": {row.name: _running_note(row, counts, now) for row in now.rows},
        }
    )


def rollout_page(request: HttpRequest, *, form: SharesForm | None = None, status: int = 200) -> HttpResponse:
    now, counts = overview(), live_now()
    form = form or SharesForm.of({row.name: row.share for row in now.rows}, version=now.version)
    fields = form.share_fields()
    changes = list(RolloutChange.objects.all()[:N_CHANGES_SHOWN])
    rollout, faults = current_rollout(), list[str]()
    return page(
        request,
        "page.html",
        title="Rollout",
        status=status,
        now=now,
        change=rollout.ledger_head,
        live=live_note(counts),
        watch=watch_note(now=now.as_of),
        shares_since=_shares_since(),
        stop_rows=[(row, counts.running.get(row.name, 0), _running_note(row, counts, now)) for row in now.rows],
        harms=recent_harms(now=now.as_of),
        plans=_or_fault(lambda: schedule_notes(now=now.as_of), "The schedule", faults),
        evidence=_or_fault(lambda: evidence_notes(rollout, now=now.as_of), "The evidence", faults),
        faults=faults,
        proposals=[(p, _may_decide(request, p), person(p.by) == person(who(request))) for p in _open_proposals()],
        two_person=settings.ROLLOUT_TWO_PERSON,
        trial_rows=[row for row in now.rows if row.share and not row.is_default],
        form=form,
        share_rows=[(row, fields[row.name]) for row in now.rows if row.name in PROVIDERS],
        segments=segments({row.name: row.share for row in now.rows}),
        changes=changes,
        circuit_changes=CircuitChange.objects.all()[:N_CHANGES_SHOWN],
        **_rights(request),
    )


def segments(shares: dict[str, int]) -> list[dict[str, object]]:
    """The bar's parts from left to right, in basis points of its width."""
    parts, start = [], 0
    for name, share in shares.items():
        if share:
            parts.append({"name": name, "start": start, "share": share})
            start += share
    return parts


def _rights(request: HttpRequest) -> dict[str, Any]:
    return {
        "may_propose": may(request, "propose", "approve"),
        "may_approve": may(request, "approve"),
        "may_stop": may(request, "kill"),
        "may_resume": may(request, "unkill"),
        "may_override": may(request, "override"),
        "may_close_circuit": may(request, "close_circuit"),
    }


def _running_note(row: Any, counts: Live, now: Overview) -> str:
    n_running = counts.running.get(row.name, 0)
    return drain_note(row.stop, n_running, now=now.as_of) if row.stop else running_note(n_running)


def _or_fault(notes: Callable[[], list[Note]], what: str, faults: list[str]) -> list[Note]:
    """A part of the page, or a sentence that it cannot be shown: the stop buttons depend on none of them."""
    try:
        return notes()
    except Exception:  # the edge of one part of the page
        logger.exception("Part of the rollout page failed", extra={"part": what})
        faults.append(f"{what} cannot be shown; the log says why. Stopping works all the same.")
        return []


def _shares_since() -> Any:
    action = RolloutChange.Action
    moved = RolloutChange.objects.filter(action__in=(action.SEEDED, action.SHARES_SET, action.ROLLED_BACK))
    return moved.values_list("at", flat=True).first()


def _open_proposals() -> list[Proposal]:
    return list(Proposal.objects.filter(state=Proposal.State.OPEN)[:N_PROPOSALS_SHOWN])


def _may_decide(request: HttpRequest, proposal: Proposal) -> bool:
    return may(request, "unkill" if proposal.kind == Proposal.Kind.RESUME else "approve")
