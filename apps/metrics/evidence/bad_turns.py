"""What each guardrail counts, as SQL over the log: which turns were bad, and which say nothing.

Failures and failed tools are read from attempts of the session's own provider, so that a turn which another provider
rescued counts against the one that failed. Times are those of the whole turn: a rescue that took long was waited for.
"""

from dataclasses import dataclass

from django.conf import settings

from apps.routing.choose import Reason
from apps.routing.evidence.guardrails import GUARDRAILS

#: Turns that went where routing meant them to go. Any other reason is somebody's command, or
#: nobody could serve: such turns say nothing of the session's provider.
AS_ROUTED = (Reason.BUCKET_MAP, Reason.ASSIGNMENT, Reason.DEFAULT)


@dataclass(frozen=True, slots=True, kw_only=True)
class BadTurns:
    """`says` is 2 for a turn that was bad, 1 for one that was not, 0 for one that does not say.

    `request` is the turn, `session` its session. `found` is a query of turns by `request_id` and `provider`, joined
    under the guardrail's own name where the provider is the session's; `%(since)s` is when the evidence begins.
    """

    says: str
    found: str = ""


# A turn that succeeded at its first attempt has no failed one to look for; of several the worst counts. An answer that
# a stop cut, or nobody asked for, is not the backend's failure. What it rejects is: the person reads an error.
FAILED = """
    CASE WHEN request.status = 'succeeded' AND request.attempts <= 1 THEN 1
         ELSE COALESCE(
            (SELECT MAX(CASE WHEN attempt.error IN ('stopped', 'not_configured') THEN 0 ELSE 2 END)
             FROM metrics_attempt AS attempt
             WHERE attempt.request_id = request.request_id AND attempt.provider = session.provider
               AND attempt.outcome = 'failed'),
            CASE WHEN request.status = 'interrupted' THEN 0 ELSE 1 END)
    END
"""
# Without any text the wait was at least as long as the turn.
FIRST_TEXT_LATE = """
    CASE WHEN request.ttft_ms > %(ttft_objective_ms)s THEN 2
         WHEN request.ttft_ms IS NOT NULL THEN 1
         WHEN request.status = 'failed' OR request.latency_ms > %(ttft_objective_ms)s THEN 2
         ELSE 0
    END
"""
ANSWER_LATE = """
    CASE WHEN request.latency_ms > %(latency_objective_ms)s THEN 2
         WHEN request.status = 'interrupted' THEN 0
         ELSE 1
    END
"""
# What the person cut short is no failure of the tool. `NOT call.ok` is the condition of a partial index.
CALL_FAILED = """
    SELECT DISTINCT attempt.request_id, attempt.provider
    FROM metrics_toolcall AS call
    JOIN metrics_attempt AS attempt ON attempt.request_id = call.request_id AND attempt.number = call.attempt
    WHERE NOT call.ok AND call.started_at >= %(since)s
      AND NOT (attempt.outcome = 'interrupted' AND call.error_code = 'unfinished')
"""
TOOL_FAILED = """
    CASE WHEN tool_failures.request_id IS NOT NULL THEN 2
         WHEN request.status = 'interrupted' THEN 0
         ELSE 1
    END
"""

BAD_TURNS: dict[str, BadTurns] = {
    "backend_failures": BadTurns(says=FAILED),
    "slow_first_text": BadTurns(says=FIRST_TEXT_LATE),
    "slow_answers": BadTurns(says=ANSWER_LATE),
    "tool_failures": BadTurns(says=TOOL_FAILED, found=CALL_FAILED),
}


def objectives_ms() -> dict[str, float]:
    """The times beyond which a wait is too long, by guardrail."""
    return {"slow_first_text": settings.TTFT_OBJECTIVE_MS, "slow_answers": settings.LATENCY_OBJECTIVE_MS}


def columns() -> str:
    """For each guardrail what the worst turn of a session says, as a column of its name."""
    return ", ".join(f"MAX({BAD_TURNS[name].says}) AS {name}" for name in GUARDRAILS)


def joins() -> str:
    return " ".join(
        f"LEFT JOIN ({BAD_TURNS[name].found}) AS {name} "
        f"ON {name}.request_id = request.request_id AND {name}.provider = session.provider"
        for name in GUARDRAILS
        if BAD_TURNS[name].found
    )


def parameters() -> dict[str, object]:
    return {
        "ttft_objective_ms": settings.TTFT_OBJECTIVE_MS,
        "latency_objective_ms": settings.LATENCY_OBJECTIVE_MS,
    }
