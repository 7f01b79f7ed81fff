"""The guardrails."""

GUARDRAILS = {"backend_failures": None, "slow_first_text": None, "slow_answers": None, "tool_failures": None}
