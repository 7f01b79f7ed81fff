"""What can go wrong at a provider, in our words. `code` is the error class that the request log keeps.

ProviderError               a fault of our own inside a provider: internal
├── ProviderUnavailable     it refused, was late, failed or was cut off, or lacks what is ours to give it: refused,
│                           connect_timeout, first_text_timeout, stalled, turn_timeout, rate_limited, server_error,
│                           upstream_failed, cut, bad_design, no_profile, database
├── ProviderStopped         operations stopped it, before it was asked or while it answered: stopped
├── ProviderProtocolError   it answered something that is no answer, or one that must not stand: malformed,
│                           no_terminal_event, empty, incomplete, tool_loop, endless, output_guardrail, step_limit,
│                           no_such_node
├── AccessRefused           it does not let us in until somebody acts: unauthorized, forbidden, quota, model_not_found
├── RequestRejected         our own request was at fault, or its content: rejected, content_filter
└── NotConfigured           there is no key and no server for it: not_configured

A class raised without a code has its own, such as unavailable. `apps.routing.failure_codes` says what each one means to
operations.
"""


class ProviderError(Exception):
    """`str(error)` is safe to show to a person; `retryable`: asking again may succeed."""

    code = "provider_error"
    retryable = True
    #: Another provider may serve the turn in its place.
    falls_back = True
    #: It says something about the health of the backend.
    counts_as_failure = True
    #: The circuit opens at this one error, without waiting for more.
    opens_circuit = False
    sentence = "The answer could not be finished. Ask again."

    def __init__(self, sentence: str = "", *, code: str = "", retry_after_s: float | None = None) -> None:
        """`retry_after_s` is how long the backend asked us to wait; None where it did not say."""
        super().__init__(sentence or self.sentence)
        self.code = code or self.code
        self.retry_after_s = retry_after_s


class ProviderUnavailable(ProviderError):
    code = "unavailable"


class ProviderStopped(ProviderUnavailable):
    code = "stopped"
    counts_as_failure = False
    sentence = "This answer was stopped on our side. Ask again."


class ProviderProtocolError(ProviderError):
    code = "protocol"


class AccessRefused(ProviderError):
    code = "unauthorized"
    opens_circuit = True
    sentence = "This assistant is not available right now. Your question is kept; ask it again in a few minutes."


class RequestRejected(ProviderError):
    code = "rejected"
    retryable = False
    falls_back = False
    counts_as_failure = False
    sentence = "This question could not be sent as it is. The fault is ours; try it in other words."


class NotConfigured(ProviderError):
    code = "not_configured"
    counts_as_failure = False
