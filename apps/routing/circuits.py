"""Each provider's circuit, shared by every process through the database: what opens it, probes it and closes it.

The rules are those of `breaker`. The last provider of the fallback chain is the floor under every turn and has none.
"""

import logging
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from apps.core import rows
from apps.providers.registry import FALLBACK_CHAIN
from apps.routing import breaker
from apps.routing.breaker import PROBE_INTERVAL_S, WINDOW_S, Opening, Window
from apps.routing.errors import CircuitNotOpen, ReasonMissing
from apps.routing.models import CODE_LENGTH, Circuit, CircuitChange, Outcome
from apps.routing.open_circuit import OpenCircuit, circuit_of

logger = logging.getLogger(__name__)

#: Outcomes older than this are deleted; the log of turns keeps every attempt.
OUTCOMES_KEPT_S = 600
#: What one opening deletes at most, so that the turn that found it does not wait for a clean-up.
N_PRUNED_AT_OPENING = 10_000


def record_outcome(
    *,
    provider: str,
    ok: bool,
    code: str = "",
    opens: bool = False,
    now: datetime,
    began_at: datetime | None = None,
    may_close: bool = True,
) -> None:
    """Keeps how one try ended, and opens or closes the provider's circuit by it; inside the caller's transaction.

    `opens` says that no waiting mends this failure. With `began_at`, when the try began, an answer that was under way
    before the circuit opened or closed says nothing about what came after. A success costs an insert and a look by
    primary key, a failure also the count of the last seconds under the circuit's lock. Without `may_close` none was
    open when the turn was routed, and nobody looks: one that opened between that and the try is left to the next probe.
    """
    if is_floor(provider):
        return
    code = code[:CODE_LENGTH]
    outcome = breaker.Outcome(ok=ok, code=code, opens=opens, began_at=began_at)
    with transaction.atomic(savepoint=False):
        rows.insert(Outcome(provider=provider, at=now, began_at=began_at or now, ok=ok, code="" if ok else code))
        if ok and may_close:
            _close_after_probe(provider, outcome, now=now)
        elif not ok:
            _count_failure(provider, outcome, now=now)


def open_circuits(*, now: datetime, every_s: float | None = PROBE_INTERVAL_S) -> dict[str, OpenCircuit]:
    """The open ones by provider. A turn may probe one without a probe for `every_s`; None where no turn looks."""
    found = {}
    for circuit in Circuit.objects.open().exclude(pk=FALLBACK_CHAIN[-1]).order_by("pk"):
        due = breaker.probe_due_at(circuit.state, every_s=every_s or PROBE_INTERVAL_S)
        if circuit.opened_at is None or due is None:
            continue
        found[circuit.provider] = OpenCircuit(
            opened_at=circuit.opened_at,
            as_of=now,
            code=circuit.code,
            n_failed=circuit.n_failed,
            n_outcomes=circuit.n_outcomes,
            next_probe_at=due,
            may_probe=every_s is not None and due <= now,
            probe_failed_at=circuit.probe_failed_at,
            probe_code=circuit.probe_code,
        )
    return found


def claim_probe(provider: str, *, now: datetime, every_s: float = PROBE_INTERVAL_S) -> bool:
    """Whether the caller's turn is the one that is let through to an open circuit; of any number, one is told yes."""
    due = now - timedelta(seconds=every_s)
    waits = Q(opened_at__lte=due) & (Q(probe_at__isnull=True) | Q(probe_at__lte=due))
    return Circuit.objects.open().filter(waits, provider=provider).update(probe_at=now) == 1


def close_circuit(*, provider: str, by: str, reason: str) -> CircuitChange:
    """Closes an open circuit at once: its turns go to it again. Raises ReasonMissing, CircuitNotOpen."""
    if not reason.strip():
        raise ReasonMissing(f"Closing {circuit_of(provider)} wants a reason.", provider=provider)
    with transaction.atomic():
        circuit = Circuit.objects.open().filter(pk=provider).first()
        change = None if circuit is None else _close(circuit, now=timezone.now(), by=by, reason=reason)
        if change is None:
            raise CircuitNotOpen(f"{circuit_of(provider)} is not open; nothing changed.", provider=provider)
    return change


def prune_outcomes(*, now: datetime, at_most: int | None = None) -> int:
    """Deletes outcomes that no circuit counts any more, oldest first; answers how many."""
    old = Outcome.objects.filter(at__lt=now - timedelta(seconds=OUTCOMES_KEPT_S))
    if at_most is not None:
        old = Outcome.objects.filter(pk__in=old.order_by("pk").values("pk")[:at_most])
    return old.delete()[0]


def is_floor(provider: str) -> bool:
    """Nobody stands behind it, so taking turns away from it would help nobody."""
    return provider == FALLBACK_CHAIN[-1]


def _close_after_probe(provider: str, outcome: breaker.Outcome, *, now: datetime) -> None:
    circuit = Circuit.objects.open().filter(pk=provider).first()
    if circuit is not None and breaker.is_of_a_probe(circuit.state, outcome):
        _close(circuit, now=now)


def _count_failure(provider: str, outcome: breaker.Outcome, *, now: datetime) -> None:
    circuit = _locked(provider)
    if breaker.is_of_a_probe(circuit.state, outcome):
        circuit.probe_failed_at, circuit.probe_code = now, outcome.code
        circuit.save(update_fields=["probe_failed_at", "probe_code"])
    elif breaker.counts_against(circuit.state, outcome):
        found = breaker.opening(outcome, _window(circuit, now=now))
        if found is not None:
            _open(circuit, found, now=now)


def _locked(provider: str) -> Circuit:
    """The row, locked until the transaction ends: of failures that race, the later one counts the earlier.

    On SQLite a transaction locks the whole file at its start.
    """
    the_one = Circuit.objects.select_for_update().filter(pk=provider)
    circuit = the_one.first()
    if circuit is None:
        Circuit.objects.bulk_create([Circuit(provider=provider)], ignore_conflicts=True)
        circuit = the_one.get()
    return circuit


def _window(circuit: Circuit, *, now: datetime) -> Window:
    """What counts: answers of the last seconds whose try did not begin before the circuit was last closed."""
    outcomes = Outcome.objects.filter(provider=circuit.provider, at__gte=now - timedelta(seconds=WINDOW_S))
    if circuit.closed_at is not None:
        outcomes = outcomes.filter(began_at__gte=circuit.closed_at)
    counts = list(outcomes.order_by().values_list("ok", "code").annotate(n=Count("pk")))
    return Window(
        n_ok=sum(n for ok, _, n in counts if ok),
        failures={code: n for ok, code, n in counts if not ok},
    )


def _open(circuit: Circuit, found: Opening, *, now: datetime) -> None:
    circuit.opened_at, circuit.closed_at, circuit.probe_at = now, None, None
    circuit.probe_failed_at, circuit.probe_code = None, ""
    circuit.code, circuit.n_failed, circuit.n_outcomes = found.code, found.n_failed, found.n_outcomes
    circuit.save()
    CircuitChange.objects.create(
        at=now,
        provider=circuit.provider,
        action=CircuitChange.Action.OPENED,
        code=found.code,
        n_failed=found.n_failed,
        n_outcomes=found.n_outcomes,
        opened_at=now,
    )
    prune_outcomes(now=now, at_most=N_PRUNED_AT_OPENING)
    evidence: dict[str, object] = {"code": found.code}
    if found.n_outcomes:
        evidence |= {"n_failed": found.n_failed, "n_outcomes": found.n_outcomes, "window_s": WINDOW_S}
    # An alert is true only once the opening is committed.
    transaction.on_commit(
        partial(logger.error, "Circuit opened", extra={"provider": circuit.provider, **evidence}), robust=True
    )


def _close(circuit: Circuit, *, now: datetime, by: str = "", reason: str = "") -> CircuitChange | None:
    """None where another process was faster."""
    same = Circuit.objects.open().filter(pk=circuit.provider, opened_at=circuit.opened_at)
    if circuit.opened_at is None or not same.update(closed_at=now):
        return None
    change = CircuitChange.objects.create(
        at=now,
        provider=circuit.provider,
        action=CircuitChange.Action.CLOSED,
        by=by,
        code=circuit.code,
        n_failed=circuit.n_failed,
        n_outcomes=circuit.n_outcomes,
        opened_at=circuit.opened_at,
        reason=reason.strip(),
    )
    details: dict[str, object] = {
        "provider": circuit.provider,
        "open_s": round((now - circuit.opened_at).total_seconds(), 1),
    }
    if by:
        details["by"] = by
    transaction.on_commit(partial(logger.warning, "Circuit closed", extra=details), robust=True)
    return change
