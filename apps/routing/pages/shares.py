"""New shares: what they would move, then set or proposed; proposals decided; an older version brought back."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from apps.routing import changes, proposals
from apps.routing.errors import RolloutReplaced, RoutingError
from apps.routing.forms import SharesForm
from apps.routing.ledger import current_rollout
from apps.routing.models import RolloutChange, Schedule
from apps.routing.overview import overview
from apps.routing.pages.access import given_reason, may, page, refused, require, to_page, who
from apps.routing.pages.rollout import rollout_page


@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """What the shares would move; saved only from the page that this answers."""
    require(request, "propose", "approve", tried="preview new shares")
    form = SharesForm(request.POST)
    if not form.is_valid():
        return rollout_page(request, form=form, status=400)
    return _preview(request, form)


@require_POST
def revert(request: HttpRequest, change_id: int) -> HttpResponse:
    """The preview of the shares that were in force before a change."""
    require(request, "propose", "approve", tried="revert shares")
    change = RolloutChange.objects.filter(pk=change_id).first()
    if change is None or not change.moves_shares:
        messages.error(request, "This change moved no shares; there is nothing to bring back.")
        return to_page()
    form = SharesForm.of(change.before["shares"], version=current_rollout().version)
    return _preview(request, SharesForm(form.initial), reason=f"Back to the shares before version {change.version}.")


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    require(request, "approve", tried="set shares")
    form = SharesForm(request.POST)
    if not form.is_valid():
        return rollout_page(request, form=form, status=400)
    try:
        change = changes.set_shares(
            shares=form.shares,
            by=who(request),
            reason=form.cleaned_data["reason"],
            expected_version=form.cleaned_data["version"],
        )
    except RoutingError as error:
        return _refused_beside_the_form(request, form, error)
    said = f"Saved: {change.summary}." if change else "These are the shares already; nothing changed."
    messages.success(request, said)
    return to_page()


@require_POST
def propose(request: HttpRequest) -> HttpResponse:
    require(request, "propose", "approve", tried="propose shares")
    form = SharesForm(request.POST)
    if not form.is_valid():
        return rollout_page(request, form=form, status=400)
    try:
        proposals.propose_shares(
            shares=form.shares,
            by=who(request),
            reason=form.cleaned_data["reason"],
            expected_version=form.cleaned_data["version"],
        )
    except RoutingError as error:
        return _refused_beside_the_form(request, form, error)
    messages.info(request, "Proposed. Nothing has changed yet: it waits for somebody to approve it.")
    return to_page("proposals-heading")


@require_POST
def approve(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Whoever may do what was proposed may approve it."""
    wanted = "unkill" if proposals.is_resume(proposal_id) else "approve"
    require(request, wanted, tried=f"approve proposal {proposal_id}")
    try:
        change = proposals.approve(proposal_id=proposal_id, by=who(request))
    except RoutingError as error:
        return refused(request, error, "proposals-heading")
    messages.success(request, f"Approved: {change.summary}. {overview().headline}")
    return to_page()


@require_POST
def withdraw(request: HttpRequest, proposal_id: int) -> HttpResponse:
    if not proposals.is_by(proposal_id, who(request)):
        require(request, "approve", "unkill", tried=f"withdraw proposal {proposal_id}")
    require(request, "propose", "approve", "unkill", tried=f"withdraw proposal {proposal_id}")
    try:
        proposals.withdraw(proposal_id=proposal_id, by=who(request))
    except RoutingError as error:
        return refused(request, error, "proposals-heading")
    messages.success(request, "The proposal is withdrawn.")
    return to_page()


def _preview(request: HttpRequest, form: SharesForm, *, reason: str = "") -> HttpResponse:
    if not form.is_valid():
        return rollout_page(request, form=form, status=400)
    found = changes.preview_shares(shares=form.shares)
    if not found.moves:
        messages.info(request, "These are the shares already; nothing changed.")
        return to_page()
    if found.version != form.cleaned_data["version"]:
        messages.warning(request, "Someone else changed the rollout since you opened the page; this is the new one.")
    wants_second = settings.ROLLOUT_TWO_PERSON and not found.only_lowers
    return page(
        request,
        "preview.html",
        title="Propose these shares?" if wants_second or not may(request, "approve") else "Set these shares?",
        form=form,
        preview=found,
        reason=given_reason(request) or reason,
        may_set=may(request, "approve") and not wants_second,
        wants_second=wants_second,
        paused=_plans_that_pause(found),
    )


def _plans_that_pause(found: changes.SharesPreview) -> list[str]:
    """The candidates whose running schedule says another share than these."""
    running = Schedule.objects.filter(state=Schedule.State.ACTIVE, stage_number__gt=0)
    return [s.candidate for s in running if found.after.get(s.candidate, 0) != found.before.get(s.candidate, 0)]


def _refused_beside_the_form(request: HttpRequest, form: SharesForm, error: RoutingError) -> HttpResponse:
    form.add_error(None, str(error))
    return rollout_page(request, form=form, status=409 if isinstance(error, RolloutReplaced) else 400)
