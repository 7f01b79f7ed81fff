"""What each error class of a provider means and what operations does about it, in words for three in the morning."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureCode:
    """`label` fits into brackets, `means` follows the server's name, `to_do` is a sentence without its full stop."""

    label: str
    means: str
    to_do: str
    #: Nothing gets better before somebody acts.
    wants_somebody: bool = False
    #: The fault lies with us, not with the server: `means` follows the provider's name.
    is_ours: bool = False


WAIT = "Nothing to do here but wait and look at the server's status page"
SLOW = "The server or the model is slow: wait, or lower the effort in the profile"

CODES: dict[str, FailureCode] = {
    "unauthorized": FailureCode(
        label="key refused",
        means="refuses the key (401)",
        to_do="Renew OPENAI_API_KEY and restart",
        wants_somebody=True,
    ),
    "forbidden": FailureCode(
        label="access refused",
        means="refuses access (403)",
        to_do="Look at what the key's project may do and which countries it may call from",
        wants_somebody=True,
    ),
    "quota": FailureCode(
        label="quota used up",
        means="says that the quota or the credit is used up",
        to_do="Add credit or raise the limit in the account's billing page",
        wants_somebody=True,
    ),
    "model_not_found": FailureCode(
        label="model not found",
        means="does not know the model or the address, or not for this key",
        to_do="Set a model in the profile that this key may use, and look whether OPENAI_BASE_URL, if set, is right",
        wants_somebody=True,
    ),
    "rate_limited": FailureCode(
        label="too many requests",
        means="takes no more requests for now (429)",
        to_do="Give this provider a smaller share, or raise the account's rate limit",
    ),
    "server_error": FailureCode(label="server error", means="fails (500 or above)", to_do=WAIT),
    "upstream_failed": FailureCode(label="answers failed", means="breaks its answers off with an error", to_do=WAIT),
    "protocol": FailureCode(label="unreadable answers", means="sends what is no answer", to_do=WAIT),
    "unavailable": FailureCode(label="not available", means="does not take requests", to_do=WAIT),
    "refused": FailureCode(
        label="connection refused",
        means="does not take connections",
        to_do="Look whether the server runs, at OPENAI_BASE_URL and at the network from here",
    ),
    "connect_timeout": FailureCode(
        label="no connection in time",
        means="cannot be reached within CONNECT_DEADLINE_S",
        to_do="Look at the network from here: name service, proxy, firewall",
    ),
    "first_text_timeout": FailureCode(
        label="no text in time",
        means="sends no text within FIRST_TEXT_DEADLINE_S",
        to_do=SLOW,
    ),
    "stalled": FailureCode(
        label="text stopped coming",
        means="goes silent in the middle of answers",
        to_do=WAIT,
    ),
    "turn_timeout": FailureCode(
        label="answers took too long",
        means="does not finish answers within TURN_DEADLINE_S",
        to_do=SLOW,
    ),
    "cut": FailureCode(
        label="connection broke",
        means="breaks connections off in the middle of answers",
        to_do="Look at the network from here and at the server's status page",
    ),
    "malformed": FailureCode(
        label="unreadable answers",
        means="sends what is not its own protocol",
        to_do="Something between here and the server may answer in its place: look at OPENAI_BASE_URL",
    ),
    "no_terminal_event": FailureCode(
        label="answers without an end",
        means="ends streams without saying that the answer is whole",
        to_do="A proxy may cut streams off: look at what stands between here and the server",
    ),
    "empty": FailureCode(label="empty answers", means="sends answers without text", to_do=WAIT),
    "incomplete": FailureCode(
        label="incomplete answers",
        means="ends answers before they are whole",
        to_do="The model reaches its own limit: lower the effort in the profile, or take another model",
    ),
    "tool_loop": FailureCode(
        label="endless tool calls",
        means="calls tools without ever answering",
        to_do="Look at the instructions and the model of the profile; stop the provider meanwhile",
    ),
    "endless": FailureCode(
        label="endless answers",
        means="writes on and on",
        to_do="Look at the instructions and the model of the profile; stop the provider meanwhile",
    ),
    "stopped": FailureCode(
        label="stopped by operations",
        means="was stopped while it answered",
        to_do="Nothing: the kill switch was used; the rollout's history says by whom and why",
        is_ours=True,
    ),
    "output_guardrail": FailureCode(
        label="answers held back",
        means="writes answers that its own checks hold back",
        to_do="Look at the instructions and the model of the profile",
        is_ours=True,
    ),
    "internal": FailureCode(
        label="error in our code",
        means="fails in our own code",
        to_do="Look for “Provider failed unexpectedly” in the log: its traceback says where",
        is_ours=True,
    ),
    "database": FailureCode(
        label="database error",
        means="cannot read or write our database",
        to_do="Look at the database and at /readyz",
        is_ours=True,
    ),
    "bad_design": FailureCode(
        label="design unreadable",
        means="cannot read the stored version of its workflow",
        to_do="Make another workflow version live; sessions that began with this one keep it, so stop the provider "
        "meanwhile",
        is_ours=True,
    ),
    "no_such_node": FailureCode(
        label="node missing",
        means="is led to a node that its design does not have",
        to_do="Make another workflow version live",
        is_ours=True,
    ),
    "step_limit": FailureCode(
        label="too many nodes",
        means="walks its design without coming to an answer",
        to_do="Make another workflow version live",
        is_ours=True,
    ),
    "no_profile": FailureCode(
        label="profile missing",
        means="has a design that names an assistant profile there is not",
        to_do="Add the profile, or make another workflow version live",
        is_ours=True,
    ),
}


def failure_code(code: str) -> FailureCode:
    """What the class means; one that nobody has described says its own name."""
    return CODES.get(code) or FailureCode(
        label=code or "no reason kept",
        means=f"fails with the class “{code}”",
        to_do="Look for this class in the log",
        is_ours=True,
    )
