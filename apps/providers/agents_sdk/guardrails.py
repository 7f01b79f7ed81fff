"""The guardrails of the G'sves agent, as openai-agents runs them. Neither asks a model.

The question is checked before any model is asked; the answer once it is whole, which people have read by then. An
answer that fails is an error like one that was cut off: the engine marks what was read as interrupted, and another
provider answers anew.
"""

import asyncio
from typing import TYPE_CHECKING, Any

from apps.providers.agents_runtime.turn import AgentTurn
from apps.providers.agents_sdk.answer_checks import lacks_stop, promise_in
from apps.providers.agents_sdk.injection import is_injection
from apps.providers.analyst.composer import compose
from apps.providers.analyst.intents import SURELY
from apps.providers.analyst.reading import Reading
from apps.providers.analyst.turn import Turn

if TYPE_CHECKING:
    from agents import InputGuardrail, OutputGuardrail

INJECTION = "injection"
OUT_OF_SCOPE = "out_of_scope"
KEEPS_RULES = (
    "I keep to the rules I was given and do not show them. Ask me about a price, a chart, levels or a plan for a "
    "symbol."
)


def refusal_of(turn: AgentTurn) -> str | None:
    """Why the question gets no model: INJECTION, OUT_OF_SCOPE or None."""
    if is_injection(turn.request.question):
        return INJECTION
    return OUT_OF_SCOPE if is_out_of_scope(turn.notes.reading, has_history=bool(turn.request.history)) else None


def is_out_of_scope(reading: Reading, *, has_history: bool) -> bool:
    """Whether the analyst's reader is sure enough that no model need look.

    A model reads other languages, and words that only point back: "say that more simply" is about an earlier answer.
    """
    if reading.intent != "out_of_scope" or reading.topic == "language":
        return False
    if reading.topic or not has_history:
        return True
    return not reading.symbols and (reading.confidence or 0.0) >= SURELY


def words_of(turn: AgentTurn, reason: str) -> str:
    """What a person reads where the question gets no model: the analyst's own words for what is out of scope."""
    if reason == INJECTION:
        return KEEPS_RULES
    return "\n\n".join(compose(Turn(reading=turn.notes.reading)))


def fault_of(turn: AgentTurn, *, is_plan: bool) -> str | None:
    """What the answer of the turn must not hold and does: "promise", "no_stop" or None."""
    if promise_in(turn.text):
        return "promise"
    return "no_stop" if is_plan and lacks_stop(turn.text) else None


def input_guardrail() -> "InputGuardrail[AgentTurn]":
    from agents import GuardrailFunctionOutput, InputGuardrail

    async def check(context: Any, agent: Any, asked: Any) -> GuardrailFunctionOutput:
        reason = await asyncio.to_thread(refusal_of, context.context)
        return GuardrailFunctionOutput(output_info=reason, tripwire_triggered=reason is not None)

    # Beside the model it would finish after the first text, and after a model call that is paid for.
    return InputGuardrail(guardrail_function=check, name="question", run_in_parallel=False)


def output_guardrail(*, is_plan: bool) -> "OutputGuardrail[AgentTurn]":
    """`is_plan`: the agent's answers are trade plans, whatever was asked."""
    from agents import GuardrailFunctionOutput, OutputGuardrail

    async def check(context: Any, agent: Any, answer: Any) -> GuardrailFunctionOutput:
        turn: AgentTurn = context.context
        fault = await asyncio.to_thread(fault_of, turn, is_plan=is_plan or turn.notes.intent == "plan")
        return GuardrailFunctionOutput(output_info=fault, tripwire_triggered=fault is not None)

    return OutputGuardrail(guardrail_function=check, name="answer")
