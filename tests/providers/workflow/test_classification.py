"""The rules that classify without a server, what a server's answer changes, and where a branch then leads."""

import pytest

from apps.providers.analyst.intents import read
from apps.providers.shipped import design_fields
from apps.providers.sidecar import INTENTS
from apps.providers.workflow.classification import Classification, by_rules, refined, symbol_of, with_order
from apps.providers.workflow.graph import BranchNode, parse_graph
from apps.providers.workflow.nodes.branch import choose_way

DESIGNED = ("chart", "execution", "plan", "quote", "indicators", "levels", "compare", "news", "overview", "knowledge")
SHIPPED = (*DESIGNED, "greeting", "clarify", "out_of_scope")


@pytest.mark.parametrize(
    ("question", "intents", "expected"),
    [
        ("What's the price of IBM?", SHIPPED, "quote"),
        ("trade plan for IBM", SHIPPED, "plan"),
        ("buy 10 AAPL at 430", SHIPPED, "execution"),
        ("execute the order", SHIPPED, "execution"),
        ("buy 10 AAPL at 430", ("plan", "quote"), "plan"),
        ("hello", SHIPPED, "greeting"),
        ("write a poem", SHIPPED, "out_of_scope"),
        ("levels of IBM", ("chart_command", "analysis", "other"), "analysis"),
        ("hello", ("chart_command", "analysis", "other"), "other"),
        ("hello", ("trading", "rest"), "rest"),
    ],
)
def test_rules_find_the_intent_under_the_name_that_the_design_has_for_it(
    question: str, intents: tuple[str, ...], expected: str
) -> None:
    found = by_rules(read(question, ()), intents, is_chart=False)
    assert (found.intent, found.by) == (expected, "rules")


def test_a_chart_command_is_certain() -> None:
    found = by_rules(read("no averages please", ()), SHIPPED, is_chart=True)
    assert (found.intent, found.confidence, found.certainty) == ("chart", None, 1.0)


@pytest.mark.parametrize(
    ("question", "named", "expected"),
    [
        ("What's the price of IBM?", "AAPL", "IBM"),
        ("how is the fruit company doing", "AAPL", "AAPL"),
        ("how is the fruit company doing", "Apple", "AAPL"),
        ("how is the fruit company doing", "NOSUCH1", None),
        ("how is the fruit company doing", None, None),
    ],
)
def test_a_named_symbol_counts_where_we_read_none_and_know_it(
    question: str, named: str | None, expected: str | None
) -> None:
    assert symbol_of(read(question, ()), named) == expected


def found(intent: str, *, confidence: float | None = 0.9, symbol: str | None = None) -> Classification:
    return Classification(intent=intent, symbol=symbol, confidence=confidence, by="json_schema")


def test_a_reading_that_was_understood_stays() -> None:
    reading = read("What's the price of IBM?", ())
    assert refined(reading, found("news")) == reading


def test_a_reading_that_was_not_understood_takes_the_intent_and_the_symbol_of_the_classifier() -> None:
    reading = read("how is the fruit company doing", ())
    assert reading.intent in ("clarify", "out_of_scope")
    better = refined(reading, found("quote", symbol="AAPL"))
    assert (better.intent, better.symbols, better.confidence) == ("quote", ("AAPL",), 0.9)


def test_an_order_that_only_the_classifier_saw_is_a_plan_of_high_stakes() -> None:
    better = refined(read("how is the fruit company doing", ()), found("execution", symbol="AAPL"))
    assert (better.intent, better.topic) == ("plan", "order")


@pytest.mark.parametrize(
    ("question", "classified", "intents", "intent", "by"),
    [
        ("buy 10 AAPL at 430", "plan", SHIPPED, "execution", "rules"),
        ("buy 10 AAPL at 430", "execution", SHIPPED, "execution", "json_schema"),
        ("buy 10 AAPL at 430", "plan", ("plan", "quote"), "plan", "json_schema"),
        ("trade plan for AAPL", "plan", SHIPPED, "plan", "json_schema"),
    ],
)
def test_an_order_known_by_its_wording_needs_no_model_to_be_asked_about(
    question: str, classified: str, intents: tuple[str, ...], intent: str, by: str
) -> None:
    kept = with_order(found(classified), read(question, ()), intents)
    assert (kept.intent, kept.by) == (intent, by)


@pytest.mark.parametrize(
    ("question", "classified"),
    [
        ("how is the fruit company doing", found("quote", confidence=0.3)),
        ("how is the fruit company doing", found("fruit")),
        ("I lost everything and want to end my life", found("plan")),
    ],
)
def test_an_unsure_unknown_or_guarded_answer_changes_nothing(question: str, classified: Classification) -> None:
    reading = read(question, ())
    assert refined(reading, classified) == reading


def test_the_shipped_intents_are_those_of_the_sidecar_and_the_order() -> None:
    graph = parse_graph(design_fields()["graph"])
    assert {intent.value for intent in graph.nodes["classify"].intents} == {*INTENTS, "execution"}  # type: ignore[union-attr]


BRANCH = BranchNode.model_validate_json(
    """{"type": "branch", "label": "Where to", "otherwise": "else", "cases": [
    {"when": {"intent": ["chart"], "min_confidence": 0.6}, "next": "chart"},
    {"when": {"intent": ["quote", "news"], "has_symbol": true}, "next": "look"},
    {"when": {"has_symbol": false, "min_confidence": 0.9}, "next": "ask"}]}"""
)


@pytest.mark.parametrize(
    ("classified", "way"),
    [
        (None, "else"),
        (found("chart", confidence=0.6), "chart"),
        (found("chart", confidence=0.59), "else"),
        (found("chart", confidence=None), "chart"),
        (found("chart", confidence=0.0), "else"),
        (found("quote", symbol="IBM"), "look"),
        (found("quote", confidence=0.1, symbol="IBM"), "look"),
        (found("quote"), "ask"),
        (found("plan", symbol="IBM"), "else"),
        (found("plan"), "ask"),
        (found("", confidence=0.0), "else"),
    ],
)
def test_the_first_case_that_holds_names_the_way(classified: Classification | None, way: str) -> None:
    assert choose_way(BRANCH, classified) == way
