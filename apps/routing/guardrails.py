"""The guardrails."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Guardrail:
    label: str


GUARDRAILS = {
    "backend_failures": Guardrail("Backend failures"),
    "slow_first_text": Guardrail("Slow first text"),
    "slow_answers": Guardrail("Slow answers"),
    "tool_failures": Guardrail("Tool failures"),
}
