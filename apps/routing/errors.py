"""What can go wrong with routing, in sentences that a page, a shell and a log can show as they are.

RoutingError
├── NoProvider          nobody can serve this turn now; asking again may help
├── UnknownProvider     no provider has that name
├── OverrideRefused     a staff member asked for a provider that cannot serve
├── BadShares           the percentages are no split of all sessions
├── BadBucketMap        a stored map is not what this code writes
├── ReasonMissing       a change that wants a reason came without one
├── NotStopped          a provider that runs cannot be resumed
├── InsteadMissing      nobody is named to serve instead of the default provider
├── SecondPersonMissing two people decide, and only one has
├── OwnProposal         whoever proposed something cannot be the second person
├── ProposalEnded       it was approved, withdrawn or overtaken before
├── BadSchedule         a schedule makes no sense; `field` names what is wrong
├── ScheduleNotReady    what was asked of a schedule does not fit the state it is in
├── BadPin              a session cannot be pinned like this
├── CircuitNotOpen      a circuit that is not open cannot be closed
└── RolloutReplaced     someone else changed the rollout since it was read
"""


class RoutingError(Exception):
    """`str(error)` is a whole sentence. `provider` names the provider at fault, where it is one."""

    retryable = False
    code = "routing_error"

    def __init__(self, sentence: str, *, provider: str | None = None) -> None:
        super().__init__(sentence)
        self.provider = provider


class NoProvider(RoutingError):
    """`str(error)` tells operations why, `for_people` is what the person who asked reads."""

    retryable = True
    code = "no_provider"
    for_people = "No assistant can answer right now. Please try again in a few minutes."

    def __init__(self, sentence: str, *, provider: str | None = None, is_overridden: bool = False) -> None:
        super().__init__(sentence, provider=provider)
        #: As in a route: staff named a provider for the turn.
        self.is_overridden = is_overridden


class UnknownProvider(RoutingError):
    code = "unknown_provider"


class OverrideRefused(RoutingError):
    code = "override_refused"


class BadShares(RoutingError):
    code = "bad_shares"


class BadBucketMap(RoutingError):
    code = "bad_bucket_map"


class ReasonMissing(RoutingError):
    code = "reason_missing"


class NotStopped(RoutingError):
    code = "not_stopped"


class InsteadMissing(RoutingError):
    code = "instead_missing"


class SecondPersonMissing(RoutingError):
    code = "second_person_missing"


class OwnProposal(RoutingError):
    code = "own_proposal"


class ProposalEnded(RoutingError):
    code = "proposal_ended"


class BadSchedule(RoutingError):
    code = "bad_schedule"

    def __init__(self, sentence: str, *, field: str, provider: str | None = None) -> None:
        super().__init__(sentence, provider=provider)
        self.field = field


class ScheduleNotReady(RoutingError):
    code = "schedule_not_ready"


class BadPin(RoutingError):
    code = "bad_pin"


class CircuitNotOpen(RoutingError):
    code = "circuit_not_open"


class RolloutReplaced(RoutingError):
    retryable = True
    code = "rollout_replaced"
