"""What operations reads of an open circuit: since when, why, who serves meanwhile, when it tries again, what to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from apps.routing.breaker import MIN_FAILURES, PROBE_INTERVAL_S, WINDOW_S
from apps.routing.choose import Standing
from apps.routing.failure_codes import failure_code
from apps.routing.open_circuit import OpenCircuit, circuit_of, clock

OPENAI, COMPATIBLE, SANDBOX = "OpenAI", "The server at OPENAI_BASE_URL", "The sandbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitNote:
    """One open circuit in whole sentences; `short` fits into a list."""

    circuit: OpenCircuit
    short: str
    what: str
    #: The last try's end, if there was one, and when the next may begin.
    tries: str
    to_do: str
    #: Turns are let through to find out whether it is well again.
    is_tried: bool
    #: Nothing gets better before somebody acts on `to_do`.
    wants_somebody: bool
    #: What closing it by hand does.
    if_closed: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        circuit = self.circuit
        return {
            "opened_at": circuit.opened_at.isoformat(),
            "code": circuit.code,
            "failed": circuit.n_failed,
            "answers": circuit.n_outcomes,
            "window_s": WINDOW_S,
            "next_probe_at": circuit.next_probe_at.isoformat(),
            "last_probe_failed_at": circuit.probe_failed_at.isoformat() if circuit.probe_failed_at else None,
            "last_probe_code": circuit.probe_code,
            "to_do": self.to_do,
        }


def circuit_note(now: Standing, name: str, *, forced: str | None) -> CircuitNote | None:
    """None for a provider whose circuit is closed. `now` is a look at the page's, not a turn's: nobody probes."""
    circuit = now.circuits.get(name)
    if circuit is None:
        return None
    no_try = _why_no_try(now, name, forced=forced)
    return CircuitNote(
        circuit=circuit,
        short=f"{name} {circuit.since.removeprefix('open ')}",
        what=f"{circuit_of(name)} is {circuit.since}{_meanwhile(now, name, forced=forced)}.",
        tries=f"{_last_try(circuit)}{no_try or _next_try(circuit)}",
        to_do=_to_do(name, circuit.last_code, is_tried=no_try is None),
        is_tried=no_try is None,
        wants_somebody=failure_code(circuit.last_code).wants_somebody,
        if_closed=_if_closed(now, name, circuit, is_tried=no_try is None),
    )


def circuits_headline(notes: Sequence[CircuitNote]) -> str:
    """The open circuits in a sentence; empty where there is none."""
    match notes:
        case []:
            return ""
        case [note]:
            return note.what
    return f"{len(notes)} circuits are open: {', '.join(note.short for note in notes)}."


def server_name() -> str:
    """Who the OpenAI providers talk to, as the start of a sentence."""
    if settings.OPENAI_BASE_URL:
        return COMPATIBLE
    return OPENAI if settings.OPENAI_API_KEY else SANDBOX


def _meanwhile(now: Standing, name: str, *, forced: str | None) -> str:
    if forced is not None:
        return ""
    if name in now.killed:
        return "; it is stopped by the kill switch too"
    server = now.server_for(name)
    return (
        f", so {server} serves its sessions" if server else "; nobody else can serve its sessions: people see an error"
    )


def _why_no_try(now: Standing, name: str, *, forced: str | None) -> str | None:
    """Why no turn is let through to find out whether it is well again; None where one is."""
    if name == forced:
        return "GVSES_FORCE_PROVIDER names it, so every turn goes to it all the same."
    if forced is not None:
        return f"GVSES_FORCE_PROVIDER names {forced}, so no turn tries {name} until it is unset."
    if name in now.killed:
        return "No turn tries it until it is resumed."
    if why := now.why_unavailable(name):
        return f"It {why}, so no turn tries it."
    return None


def _last_try(circuit: OpenCircuit) -> str:
    if circuit.probe_failed_at is None:
        return ""
    at = clock(circuit.probe_failed_at, as_of=circuit.as_of)
    return f"The last try failed at {at} ({failure_code(circuit.probe_code).label}). "


def _next_try(circuit: OpenCircuit) -> str:
    if circuit.next_probe_at <= circuit.as_of:
        return "The next turn of its sessions tries it again."
    return f"From {clock(circuit.next_probe_at, as_of=circuit.as_of)} the next turn of its sessions tries it again."


def _to_do(name: str, code: str, *, is_tried: bool) -> str:
    """What stands in the way, and what to do about it."""
    known = failure_code(code)
    server = name if known.is_ours else server_name()
    advice = "Its faults are made on demand: take the fault away" if server == SANDBOX else known.to_do
    by_itself = f"; the circuit tries again every {PROBE_INTERVAL_S} s by itself" if is_tried else ""
    return f"{server} {known.means}. {advice}{by_itself}."


def _if_closed(now: Standing, name: str, circuit: OpenCircuit, *, is_tried: bool) -> tuple[str, ...]:
    known = failure_code(circuit.last_code)
    again = (
        f"at the first answer that fails so again ({known.label})"
        if known.wants_somebody
        else f"at {MIN_FAILURES} failures within {WINDOW_S} s, if they are half of its answers or more"
    )
    if name in now.killed:
        first = f"{name} stays stopped: closing its circuit does not resume it."
    else:
        first = f"From the next turn {name} serves its sessions again, whether it is well or not."
    server = now.server_for(name)
    sentences = (
        first,
        f"While it fails, people wait for it before {f'{server} answers' if server else 'they see an error'}.",
        f"The circuit opens again {again}.",
    )
    if not is_tried:
        return sentences
    by_itself = f"every {PROBE_INTERVAL_S} s one turn tries {name}, and the first success closes it"
    return (*sentences, f"Nobody has to close it: {by_itself}.")
