"""`POST /decisions`: questions with given answers, answered with the odds of the analyst's classifier.

A choice is read as a list of intents, of symbols, or of plain words (`opinion.odds`). A predicate is as likely as
the input is of the intents that the statement speaks of. A score is the level's place, from 0, that the odds expect.
"""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, StrictBool, StrictStr, model_validator
from starlette.requests import Request

from apps.sandbox.bodies import read_json
from apps.sandbox.conversation import read_conversation, text_of
from apps.sandbox.fault_effects import body, refuse_at_once
from apps.sandbox.faults import Target, fault_for, provider_of
from apps.sandbox.opinion import Opinion, agreement, odds, opinion
from apps.sandbox.response_request import Json, Part
from apps.sandbox.streams import WireStream, json_bytes
from apps.sandbox.thinking_threads import off_the_loop
from apps.sandbox.usage_count import tokens, usage

Instructions: TypeAlias = str | list[Json]


class Choice(Part):
    value: StrictStr | StrictBool
    description: str = ""


class ChoiceQuestion(Part):
    type: Literal["choice"]
    instructions: Instructions
    choices: Annotated[list[Choice], Field(min_length=2, max_length=255)]
    name: str | None = None

    @model_validator(mode="after")
    def _choices_differ(self) -> "ChoiceQuestion":
        if len({(type(choice.value), choice.value) for choice in self.choices}) < len(self.choices):
            raise ValueError("each choice must be unique")
        return self


class PredicateQuestion(Part):
    type: Literal["predicate"]
    instructions: Instructions
    name: str | None = None


class Level(Part):
    label: str
    description: str = ""


class ScoreQuestion(Part):
    type: Literal["score"]
    instructions: Instructions
    levels: Annotated[list[Level], Field(min_length=2, max_length=255)]
    name: str | None = None


Question: TypeAlias = Annotated[ChoiceQuestion | PredicateQuestion | ScoreQuestion, Field(discriminator="type")]


class DecisionRequest(Part):
    model: Annotated[str, Field(min_length=1)]
    input: str | list[Json]
    questions: Annotated[list[Question], Field(min_length=1, max_length=400)]


async def create_decision(request: Request) -> WireStream:
    asked = await read_json(request, DecisionRequest)
    answers = await off_the_loop(lambda: decide(asked))
    fault = fault_for(request.headers, Target(provider=provider_of(request.headers)))
    refuse_at_once(fault, request.url.path)
    decision = {
        "answers": answers,
        "model": f"sandbox/{asked.model}",
        "usage": usage(
            tokens_input=tokens([asked.input, [question.model_dump() for question in asked.questions]]),
            tokens_output=tokens(answers),
        ),
    }
    return WireStream(body(fault, [json_bytes(decision)]), media_type="application/json")


def decide(asked: DecisionRequest) -> list[Json]:
    conversation = read_conversation(asked.input)
    held = opinion(conversation.question, conversation.history)
    return [answer(held, question) for question in asked.questions]


def answer(held: Opinion, question: ChoiceQuestion | PredicateQuestion | ScoreQuestion) -> Json:
    statement = text_of(question.instructions, "questions.instructions")
    match question:
        case PredicateQuestion():
            return {"type": "predicate", "name": question.name, "probability": rounded(agreement(held, statement))}
        case ChoiceQuestion():
            return chosen(held, question, statement)
        case ScoreQuestion():
            chances = odds(held, [(level.label, level.description) for level in question.levels])
            return {
                "type": "score",
                "name": question.name,
                "score": rounded(sum(place * chance for place, chance in enumerate(chances))),
                "confidence": rounded(max(chances)),
                "probabilities": [
                    {"label": level.label, "value": place, "probability": rounded(chance)}
                    for place, (level, chance) in enumerate(zip(question.levels, chances, strict=True))
                ],
            }


def chosen(held: Opinion, question: ChoiceQuestion, statement: str) -> Json:
    """True and False are a predicate's two sides; other choices have odds of their own."""
    values: list[Any] = [choice.value for choice in question.choices]
    if all(isinstance(value, bool) for value in values):
        likely = agreement(held, statement)
        chances = [likely if value else 1 - likely for value in values]
    else:
        chances = odds(held, [(str(choice.value), choice.description) for choice in question.choices])
    best = max(range(len(values)), key=chances.__getitem__)
    return {
        "type": "choice",
        "name": question.name,
        "choice": values[best],
        "confidence": rounded(chances[best]),
        "probabilities": [
            {"value": value, "probability": rounded(chance)} for value, chance in zip(values, chances, strict=True)
        ],
    }


def rounded(probability: float) -> float:
    return round(probability, 4)
