"""One person proposes, another puts it into force; where `ROLLOUT_TWO_PERSON` is off, the same person may do both."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.routing import ledger
from apps.routing.changes import preview_shares, require_version, set_shares
from apps.routing.errors import BadShares, NotStopped, OwnProposal, ProposalEnded, ReasonMissing, RolloutReplaced
from apps.routing.evidence.harm import require_note
from apps.routing.kills import unkill
from apps.routing.ledger import locked_rollout
from apps.routing.models import Proposal, Rollout, RolloutChange
from apps.routing.shares import changed_shares

Kind, State, Action = Proposal.Kind, Proposal.State, RolloutChange.Action


def propose_shares(
    *, shares: Mapping[str, int], by: str, reason: str = "", expected_version: int | None = None
) -> Proposal:
    """Keeps shares for somebody to approve. Raises what `set_shares` raises for shares that make no sense."""
    with transaction.atomic():
        rollout = locked_rollout()
        require_version(rollout, expected_version)
        preview = preview_shares(shares=shares)
        if not preview.moves:
            raise BadShares("These are the shares already; there is nothing to propose.")
        require_note(preview.before, preview.after, note=reason)
        what = f"proposed: {changed_shares(preview.before, preview.after)}"
        return _propose(rollout, kind=Kind.SHARES, by=by, reason=reason, shares=dict(shares), what=what)


def propose_resume(*, provider: str, by: str, reason: str) -> Proposal:
    """Asks for a second person to resume a provider. Raises ReasonMissing, NotStopped."""
    if not reason.strip():
        raise ReasonMissing(f"Resuming {provider} wants a reason.", provider=provider)
    with transaction.atomic():
        rollout = locked_rollout()
        if provider not in rollout.kills:
            raise NotStopped(f"{provider} is not stopped.", provider=provider)
        what = f"proposed: resume {provider}"
        return _propose(rollout, kind=Kind.RESUME, by=by, reason=reason, provider=provider, what=what)


def approve(*, proposal_id: int, by: str) -> RolloutChange:
    """Puts a proposal into force.

    Raises ProposalEnded, OwnProposal where two people decide, and RolloutReplaced where what it was about has changed
    since; a proposal that was overtaken stays open no longer.
    """
    waiting = Proposal.objects.filter(pk=proposal_id, state=State.OPEN).first()
    if waiting is not None and settings.ROLLOUT_TWO_PERSON and person(by) == person(waiting.by):
        ledger.refuse(by=by, what=f"tried to approve their own proposal {proposal_id}", provider=waiting.provider)
        raise OwnProposal("You proposed this; somebody else has to approve it.")
    overtaken = ""
    with transaction.atomic():
        rollout = locked_rollout()
        proposal = _open(proposal_id)
        overtaken = _overtaken(rollout, proposal)
        if not overtaken:
            change = _carry_out(proposal, by=by)
        _end(proposal, State.REPLACED if overtaken else State.APPROVED, by=by)
    if overtaken:
        raise RolloutReplaced(overtaken)
    return change


def withdraw(*, proposal_id: int, by: str) -> None:
    """Takes a proposal back. Raises ProposalEnded."""
    with transaction.atomic():
        rollout = locked_rollout()
        proposal = _open(proposal_id)
        _end(proposal, State.WITHDRAWN, by=by)
        ledger.record(
            rollout,
            action=Action.WITHDRAWN,
            by=by,
            provider=proposal.provider,
            what=f"proposal {proposal_id} withdrawn",
        )


def is_resume(proposal_id: int) -> bool:
    return Proposal.objects.filter(pk=proposal_id, kind=Kind.RESUME).exists()


def is_by(proposal_id: int, name: str) -> bool:
    return any(
        person(by) == person(name) for by in Proposal.objects.filter(pk=proposal_id).values_list("by", flat=True)
    )


def person(name: str) -> str:
    """Who it is, whether they came by the page or by the shell."""
    return name.removesuffix(" (shell)").casefold()


def _propose(
    rollout: Rollout,
    *,
    kind: Proposal.Kind,
    by: str,
    reason: str,
    what: str,
    provider: str = "",
    shares: dict[str, int] | None = None,
) -> Proposal:
    ledger.record(rollout, action=Action.PROPOSED, by=by, reason=reason, provider=provider, what=what)
    return Proposal.objects.create(
        kind=kind,
        by=by,
        reason=reason.strip(),
        provider=provider,
        shares=shares,
        before=rollout.state(),
        version=rollout.version,
    )


def _open(proposal_id: int) -> Proposal:
    proposal = Proposal.objects.filter(pk=proposal_id).first()
    if proposal is None:
        raise ProposalEnded("There is no such proposal.")
    if not proposal.is_open:
        raise ProposalEnded(f"This proposal has ended: {proposal.get_state_display().lower()}. Nothing changed.")
    return proposal


def _overtaken(rollout: Rollout, proposal: Proposal) -> str:
    """Why what was proposed cannot be put into force as it was meant, as a sentence; empty where it can."""
    match proposal.kind:
        case Kind.SHARES if _shares_changed_since(proposal):
            return "The shares have changed since this was proposed. Nothing changed; propose again."
        case Kind.RESUME if _stopped_at(proposal.before["kills"], proposal) != _stopped_at(rollout.kills, proposal):
            return f"The stop of {proposal.provider} is another one since this was proposed. Nothing changed."
    return ""


def _shares_changed_since(proposal: Proposal) -> bool:
    """Also where they are the same again: what happened in between is what the proposer did not know."""
    moved = (Action.SHARES_SET, Action.ROLLED_BACK)
    return RolloutChange.objects.filter(version__gt=proposal.version, action__in=moved).exists()


def _stopped_at(kills: Mapping[str, Any], proposal: Proposal) -> str | None:
    """Which stop it is: a reason that follows, or a cut, makes it no other."""
    stop = kills.get(proposal.provider)
    return stop["at"] if stop else None


def _carry_out(proposal: Proposal, *, by: str) -> RolloutChange:
    match proposal.kind:
        case Kind.RESUME:
            return unkill(provider=proposal.provider, by=proposal.by, reason=proposal.reason, approved_by=by)
    change = set_shares(shares=proposal.shares or {}, by=proposal.by, reason=proposal.reason, approved_by=by)
    if change is None:
        raise ProposalEnded("These are the shares already; nothing changed.")
    return change


def _end(proposal: Proposal, state: Proposal.State, *, by: str) -> None:
    proposal.state, proposal.ended_by, proposal.ended_at = state, by, timezone.now()
    proposal.save(update_fields=["state", "ended_by", "ended_at"])
