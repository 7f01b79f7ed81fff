"""Which provider serves a turn, and why: a pure decision over values, first match wins.

break-glass › kill switch › open circuit › staff override › session's assignment › bucket map › `responses`

The session's own provider (`assigned_provider`) is settled first, without a look at kills and circuits, so that a stop
or an outage never changes what a session belongs to; then whoever can serve it is found along the fallback chain.
"""

from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from itertools import takewhile

from django.db.models import TextChoices

from apps.routing.errors import NoProvider, OverrideRefused
from apps.routing.open_circuit import OpenCircuit, circuit_of
from apps.routing.shares import percent


class Reason(TextChoices):
    """The rule that decided who serves."""

    BREAK_GLASS = "break_glass", "Break-glass variable"
    KILL_SWITCH = "kill_switch", "Kill switch"
    CIRCUIT_OPEN = "circuit_open", "Open circuit"
    NOT_CONFIGURED = "not_configured", "Assigned provider not configured"
    OVERRIDE = "override", "Staff override"
    ASSIGNMENT = "assignment", "Session's assignment"
    BUCKET_MAP = "bucket_map", "Bucket map"
    SNAPSHOT = "snapshot", "Rollout as last read, database away"
    DEFAULT = "default", "Default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Who can serve now. `unavailable` maps a name to why it cannot, as the end of a sentence about it; `circuits`
    holds the open ones."""

    providers: tuple[str, ...]
    fallback_chain: tuple[str, ...]
    unavailable: Mapping[str, str]
    killed: Set[str]
    circuits: Mapping[str, OpenCircuit] = field(default_factory=dict)

    def under(self, forced: str | None) -> "Standing":
        """Break-glass stands above kill switch and circuit: neither holds for the provider that it names."""
        circuits = {name: circuit for name, circuit in self.circuits.items() if name != forced}
        return replace(self, killed=self.killed - {forced}, circuits=circuits)

    def without_probe(self, name: str) -> "Standing":
        """The same once another turn has been let through to that provider."""
        return replace(self, circuits={**self.circuits, name: replace(self.circuits[name], may_probe=False)})

    def why_unavailable(self, name: str) -> str | None:
        """Why it cannot serve whatever the kill switch and its circuit say, or None."""
        if name not in self.providers:
            return "is not known to this version"
        return self.unavailable.get(name)

    def obstacle(self, name: str) -> Reason | None:
        """The rule by which it does not serve now, or None."""
        if name in self.killed:
            return Reason.KILL_SWITCH
        if self.why_unavailable(name):
            return Reason.NOT_CONFIGURED
        circuit = self.circuits.get(name)
        return Reason.CIRCUIT_OPEN if circuit and not circuit.may_probe else None

    def why_not(self, name: str) -> str | None:
        """Why it does not serve now, beside its name, or None."""
        match self.obstacle(name):
            case Reason.KILL_SWITCH:
                return "is stopped by the kill switch"
            case Reason.CIRCUIT_OPEN:
                return f"its circuit is {self.circuits[name].since}"
            case None:
                return None
        return self.why_unavailable(name)

    def chain_from(self, name: str) -> tuple[str, ...]:
        """Who is asked in turn for a session of that provider."""
        return tuple(dict.fromkeys((name, *self.fallback_chain)))

    def able_from(self, name: str) -> str | None:
        """Who a session of that provider belongs to, kills and circuits aside; None where nobody is able."""
        return next((n for n in self.chain_from(name) if self.why_unavailable(n) is None), None)

    def server_for(self, name: str) -> str | None:
        """Who serves a session of that provider now; None where nobody does."""
        return next((n for n in self.chain_from(name) if self.obstacle(n) is None), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What a session belongs to. `share_at_assign` is the chance it had to get there, in basis points; 0 where no
    draw from the map led there. `shares_at_assign` is the chance that it had for each provider."""

    provider: str
    bucket: int
    share_at_assign: int
    reason: Reason
    shares_at_assign: Mapping[str, int] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """All that a decision rests on. `bucket_owner` is None where no map says; `shares` are basis points by owner."""

    standing: Standing
    bucket: int
    bucket_owner: str | None
    shares: Mapping[str, int]
    assignment: Assignment | None = None
    override: str | None = None
    #: The override is the session's pin, not asked for with this turn.
    is_pinned: bool = False
    forced: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Who serves a turn (`provider`), who the session belongs to, and one sentence that says why.

    `new_assignment` is what to store for a session that has none yet.
    """

    provider: str
    assigned_provider: str
    reason: Reason
    explanation: str
    bucket: int
    share_at_assign: int
    new_assignment: Assignment | None = None
    #: The provider's circuit is open and this turn finds out whether it can close.
    is_probe: bool = False
    #: Some circuit was open when this was decided.
    met_open_circuit: bool = False
    #: Staff named a provider for it, whoever serves: it is no evidence about any of them.
    is_overridden: bool = False


def choose(inputs: Inputs) -> Route:
    """Raises NoProvider where nobody on the chain can serve, OverrideRefused for an override that never can."""
    if inputs.override is not None and (why := inputs.standing.why_unavailable(inputs.override)):
        raise OverrideRefused(f"{inputs.override} {why}, so it cannot be asked for.", provider=inputs.override)
    belongs_to = inputs.assignment or _new_assignment(inputs)
    wanted, rule, claim = _first_match(inputs, belongs_to)
    standing = inputs.standing.under(inputs.forced)
    provider = standing.server_for(wanted)
    if provider is None:
        sentence = _nobody(standing, wanted)
        raise NoProvider(sentence, provider=belongs_to.provider, is_overridden=inputs.override is not None)
    return Route(
        provider=provider,
        assigned_provider=belongs_to.provider,
        reason=_reason(standing, wanted, rule),
        explanation=_explain(standing, wanted, provider, rule, claim),
        bucket=belongs_to.bucket,
        share_at_assign=belongs_to.share_at_assign,
        new_assignment=belongs_to if inputs.assignment is None and inputs.override is None else None,
        is_probe=provider in standing.circuits,
        met_open_circuit=bool(inputs.standing.circuits),
        is_overridden=inputs.override is not None,
    )


def _new_assignment(inputs: Inputs) -> Assignment:
    """What a new session belongs to; under an override there is no draw from the map and nothing to store."""
    if inputs.override is None:
        return assignment_by_map(inputs)
    return Assignment(provider=inputs.override, bucket=inputs.bucket, share_at_assign=0, reason=Reason.OVERRIDE)


def assignment_by_map(inputs: Inputs) -> Assignment:
    """The first on the bucket owner's chain that is able, kills and circuits aside. Raises NoProvider."""
    standing, owner = inputs.standing, inputs.bucket_owner
    reason = Reason.BUCKET_MAP
    if owner is None or owner not in standing.providers:
        owner, reason = standing.fallback_chain[0], Reason.DEFAULT
    provider = standing.able_from(owner)
    if provider is None:
        raise NoProvider(_nobody(standing, owner), provider=owner)
    chances: Counter[str] = Counter()
    for name, share in inputs.shares.items():
        if share and (able := standing.able_from(name)):
            chances[able] += share
    return Assignment(
        provider=provider,
        bucket=inputs.bucket,
        share_at_assign=chances[provider],
        reason=reason,
        shares_at_assign=dict(sorted(chances.items())),
    )


def _first_match(inputs: Inputs, belongs_to: Assignment) -> tuple[str, Reason, str]:
    """The provider wanted, the rule that wants it, and that rule's claim as the start of a sentence."""
    if inputs.forced is not None:
        return inputs.forced, Reason.BREAK_GLASS, f"GVSES_FORCE_PROVIDER names {inputs.forced}"
    if inputs.override is not None:
        # No names of staff: whoever owns the conversation may read this.
        by_pin, by_turn = f"Staff pinned this session to {inputs.override}", f"A staff override names {inputs.override}"
        return inputs.override, Reason.OVERRIDE, by_pin if inputs.is_pinned else by_turn
    name, owner = belongs_to.provider, inputs.bucket_owner
    if inputs.assignment is not None:
        return name, Reason.ASSIGNMENT, f"This session was assigned to {name}"
    if owner is None or belongs_to.reason is Reason.DEFAULT:
        return name, Reason.DEFAULT, f"No provider known to this version owns bucket {inputs.bucket:,}"
    claim = f"Bucket {inputs.bucket:,} belongs to {owner} ({percent(inputs.shares.get(owner, 0))})"
    why = inputs.standing.why_unavailable(owner)
    return name, Reason.BUCKET_MAP, f"{claim}, which {why}" if why else claim


def _reason(standing: Standing, wanted: str, rule: Reason) -> Reason:
    return rule if rule is Reason.BREAK_GLASS else standing.obstacle(wanted) or rule


def _explain(standing: Standing, wanted: str, provider: str, rule: Reason, claim: str) -> str:
    why = claim
    if provider != wanted:
        why = _skipped(standing, wanted, until=provider)
        if _reason(standing, wanted, rule) not in (Reason.KILL_SWITCH, Reason.CIRCUIT_OPEN):
            why = f"{claim}, but {why}"
    if circuit := standing.circuits.get(provider):
        why = f"{why}; {circuit_of(provider)} is {circuit.since}, and this turn tries it again"
    return f"{why}, so {provider} serves."


def _nobody(standing: Standing, wanted: str) -> str:
    return f"No provider can serve: {_skipped(standing, wanted, until=None)}."


def _skipped(standing: Standing, wanted: str, *, until: str | None) -> str:
    """Why each one on the chain before `until` does not serve, as one clause."""
    passed_over = takewhile(lambda name: name != until, standing.chain_from(wanted))
    return " and ".join(_clause(standing, name) for name in passed_over)


def _clause(standing: Standing, name: str) -> str:
    if standing.obstacle(name) is Reason.CIRCUIT_OPEN:
        return f"{circuit_of(name)} is {standing.circuits[name].since}"
    return f"{name} {standing.why_not(name)}"
