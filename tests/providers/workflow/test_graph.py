"""A design is read strictly; each fault is one sentence that names the node and what to do about it."""

import json
from typing import Any

import pytest

from apps.providers.workflow.graph import BadGraph, BranchNode, parse_graph
from tests.providers.designs import SMALL, make_design, without

REPLY = {"type": "reply", "label": "Saying it", "text": "Hello."}
ROUTE = ("nodes", "route")


def faults(design: Any, **options: Any) -> list[str]:
    with pytest.raises(BadGraph) as caught:
        parse_graph(design, **options)
    return caught.value.messages


def test_a_good_design_is_read_from_text_and_from_an_object() -> None:
    assert parse_graph(json.dumps(SMALL)) == parse_graph(SMALL)
    assert list(parse_graph(SMALL).nodes) == list(SMALL["nodes"])


@pytest.mark.parametrize(
    ("intent", "confidence", "symbol", "target"),
    [
        ("chart", 0.6, "IBM", "chart"),
        ("chart", 0.59, "IBM", "agent"),
        ("chart", 0.9, None, "agent"),
        ("order", 0.0, None, "confirm"),
        ("other", 1.0, "IBM", "agent"),
    ],
)
def test_a_branch_takes_the_first_case_whose_conditions_all_hold(
    intent: str, confidence: float, symbol: str | None, target: str
) -> None:
    node = parse_graph(SMALL).nodes["route"]
    assert isinstance(node, BranchNode)
    assert node.way(intent=intent, confidence=confidence, symbol=symbol) == target


LOOSE_ENDS = {
    "a misspelt next": (
        make_design(*ROUTE, "otherwise", "aget"),
        "Node 'route' sends everything else to 'aget', which does not exist. Did you mean 'agent'?",
    ),
    "a misspelt case": (
        make_design(*ROUTE, "cases", 1, "next", "cofirm"),
        "Node 'route' sends 'order' to 'cofirm', which does not exist. Did you mean 'confirm'?",
    ),
    "a next that resembles nothing": (
        make_design("nodes", "agent", "next", "xyz"),
        "Node 'agent' goes on to 'xyz', which does not exist. The nodes are read, route, chart, agent, confirm, no.",
    ),
    "a misspelt start": (
        make_design("start", "raed"),
        "The design starts at 'raed', which does not exist. Did you mean 'read'?",
    ),
    "an approval's misspelt way": (
        make_design("nodes", "confirm", "approved", "agnt"),
        "Node 'confirm' sends a yes to 'agnt', which does not exist. Did you mean 'agent'?",
    ),
    "a chart handler's misspelt way": (
        make_design("nodes", "chart", "otherwise", "agnet"),
        "Node 'chart' sends what it cannot read to 'agnet', which does not exist. Did you mean 'agent'?",
    ),
    "a node nobody leads to": (
        make_design("nodes", "lonely", REPLY),
        "Node 'lonely' is never reached. Let another node lead to it, or take it away.",
    ),
}
CIRCLES = {
    "a circle": (
        make_design("nodes", "agent", "next", "route"),
        "The nodes 'route' → 'chart' → 'agent' → 'route' go round in a circle. A turn has to end: let one of them go "
        "on elsewhere.",
    ),
    "a node that goes on to itself": (
        make_design("nodes", "no", "next", "no"),
        "The nodes 'no' → 'no' go round in a circle. A turn has to end: let one of them go on elsewhere.",
    ),
}
INTENTS = {
    "an intent nobody gives": (
        make_design(*ROUTE, "cases", 1, "when", "intent", ["ordr"]),
        "Node 'route', case 2, asks for the intent 'ordr', which no 'classify' node before it gives. Did you mean "
        "'order'?",
    ),
    "an intent that resembles nothing": (
        make_design(*ROUTE, "cases", 1, "when", "intent", ["zzz"]),
        "Node 'route', case 2, asks for the intent 'zzz', which no 'classify' node before it gives. It gives chart, "
        "order, other.",
    ),
    "an intent twice in a case": (
        make_design(*ROUTE, "cases", 1, "when", "intent", ["order", "order"]),
        "Node 'route', case 2, lists the intent 'order' twice. Take one away.",
    ),
    "an intent that an earlier case takes": (
        make_design(*ROUTE, "cases", 1, "when", {"intent": ["chart"], "min_confidence": 0.8, "has_symbol": True}),
        "Node 'route', case 2, asks for the intent 'chart', but case 1 has taken all of it already. Take it away from "
        "one of them.",
    ),
    "an intent twice in the classifier": (
        make_design("nodes", "read", "intents", 2, "value", "order"),
        "Node 'read' lists the intent 'order' twice. Take one away.",
    ),
    "a case without a condition": (
        make_design(*ROUTE, "cases", 1, "when", {}),
        "Node 'route', case 2, has no condition, so it takes everything. Use 'otherwise' for that.",
    ),
    "a branch without a classifier": (
        {**make_design("start", "route"), "nodes": without("nodes", "read")["nodes"]},
        "Node 'route' can be reached before any 'classify' node, so it has nothing to decide by.",
    ),
}
NAMES = {
    "an unknown tool": (
        make_design("nodes", "agent", "tools", ["get_qoute"]),
        "Node 'agent' names the tool 'get_qoute', which does not exist. Did you mean 'get_quote'?",
    ),
    "a tool twice": (
        make_design("nodes", "agent", "tools", ["get_quote", "get_quote"]),
        "Node 'agent' names the tool 'get_quote' twice. Take one away.",
    ),
    "both ways the same": (
        make_design("nodes", "confirm", {**SMALL["nodes"]["confirm"], "approved": "no"}),
        "Node 'confirm' goes to 'no' after a yes and after a no, so asking changes nothing. Let one of them lead "
        "elsewhere.",
    ),
    "an unknown placeholder": (
        make_design("nodes", "confirm", "message", "Buy {symbl}?"),
        "The message of node 'confirm' holds {symbl}, which does not exist. Did you mean {symbol}?",
    ),
    "a placeholder that resembles nothing": (
        make_design("nodes", "confirm", "message", "Buy {price}?"),
        "The message of node 'confirm' holds {price}, which does not exist. It can hold {symbol}.",
    ),
    "a placeholder in a reply": (
        make_design("nodes", "no", "text", "Nothing in {symbol}."),
        "The text of node 'no' holds {symbol}, which people would see as it is: a reply is fixed text. Take the braces "
        "away.",
    ),
}
FIELDS = {
    "no start": (without("start"), "The design has no 'start'. Add it."),
    "no schema": (without("schema"), "The design has no 'schema'. Add \"schema\": 1."),
    "another schema": (make_design("schema", 2), "The design says schema 2; this version reads schema 1."),
    "no nodes": (make_design("nodes", {}), "'nodes' of the design holds 0; it needs 1 or more."),
    "an approval without a no": (
        without("nodes", "confirm", "declined"),
        "Node 'confirm' does not say where it goes after a no. Add 'declined' with a node's id.",
    ),
    "an approval without a yes": (
        without("nodes", "confirm", "approved"),
        "Node 'confirm' does not say where it goes after a yes. Add 'approved' with a node's id.",
    ),
    "a missing field": (without("nodes", "route", "otherwise"), "Node 'route' has no 'otherwise'. Add it."),
    "a missing field inside": (
        without("nodes", "route", "cases", 1, "next"),
        "Node 'route', 'cases' number 2 has no 'next'. Add it.",
    ),
    "an unknown field": (
        make_design("nodes", "no", "txet", "Hi"),
        "Node 'no' has 'txet', which means nothing there. Did you mean 'text'? It can have type, label, text, next.",
    ),
    "an unknown condition": (
        make_design(*ROUTE, "cases", 1, "when", "mood", "calm"),
        "Node 'route', 'cases' number 2, 'when' has 'mood', which means nothing there. Take it away. It can have "
        "intent, min_confidence, has_symbol.",
    ),
    "an unknown field of the design": (
        make_design("begin", "read"),
        "The design has 'begin', which means nothing there. Take it away. It can have schema, start, nodes.",
    ),
    "an unknown type": (
        make_design("nodes", "no", "type", "replay"),
        "Node 'no' is of type 'replay', which does not exist. Did you mean 'reply'? The types are classify, branch, "
        "chart_command, agent, approval, reply.",
    ),
    "no type": (
        without("nodes", "no", "type"),
        "Node 'no' has no 'type'. Add one: classify, branch, chart_command, agent, approval, reply.",
    ),
    "a node that is a text": (
        make_design("nodes", "no", "reply"),
        "Node 'no' is 'reply'; it has to be an object in braces.",
    ),
    "a bad id": (
        make_design("nodes", "Agent 1", REPLY),
        "'Agent 1' is no id of a node. An id begins with a small letter and holds small letters, digits, - and _.",
    ),
    "a next that is no id": (
        make_design("nodes", "read", "next", "Agent 1"),
        "Node 'read', 'next' is 'Agent 1', which is no id of a node. An id begins with a small letter and holds small "
        "letters, digits, - and _.",
    ),
    "an unknown effort": (
        make_design("nodes", "agent", "effort", "hgh"),
        "Node 'agent', 'effort' is 'hgh'. Did you mean 'high'? It can be none, minimal, low, medium, high, xhigh.",
    ),
    "an unknown command": (
        make_design("nodes", "chart", "commands", ["zoom"]),
        "Node 'chart', 'commands' number 1 is 'zoom'. It can be load, timeframe, indicator.",
    ),
    "a confidence of seven": (
        make_design(*ROUTE, "cases", 0, "when", "min_confidence", 7),
        "Node 'route', 'cases' number 1, 'when', 'min_confidence' is 7; it has to be a number from 0 to 1.",
    ),
    "a confidence in words": (
        make_design(*ROUTE, "cases", 0, "when", "min_confidence", "0.6"),
        "Node 'route', 'cases' number 1, 'when', 'min_confidence' is '0.6'; it has to be a number.",
    ),
    "a text where a list belongs": (
        make_design("nodes", "agent", "tools", "get_quote"),
        "Node 'agent', 'tools' is 'get_quote'; it has to be a list in square brackets.",
    ),
    "a number where a text belongs": (
        make_design("nodes", "agent", "profile", 3),
        "Node 'agent', 'profile' is 3; it has to be a text in double quotes.",
    ),
    "an empty label": (
        make_design("nodes", "no", "label", " "),
        "Node 'no', 'label' is empty. Write what belongs there.",
    ),
    "a long label": (
        make_design("nodes", "no", "label", "x" * 61),
        "Node 'no', 'label' is longer than 60 characters. Shorten it.",
    ),
    "one intent": (
        make_design("nodes", "read", "intents", [{"value": "chart", "description": "Show."}]),
        "Node 'read', 'intents' holds 1; it needs 2 or more.",
    ),
}
ALL = {**LOOSE_ENDS, **CIRCLES, **INTENTS, **NAMES, **FIELDS}


@pytest.mark.parametrize(("design", "sentence"), ALL.values(), ids=ALL)
def test_a_fault_is_said_in_one_sentence_with_its_node_and_what_to_do(design: dict[str, Any], sentence: str) -> None:
    assert faults(design) == [sentence]


def test_a_design_that_never_answers_says_so_beside_the_circle() -> None:
    design = {
        "schema": 1,
        "start": "a",
        "nodes": {"a": {**REPLY, "next": "b"}, "b": {**REPLY, "next": "a"}},
    }
    assert faults(design) == [
        "The nodes 'a' → 'b' → 'a' go round in a circle. A turn has to end: let one of them go on elsewhere.",
        "No way from 'a' leads to an answer. Let one end in an agent, a chart_command or a reply that has no 'next'.",
    ]


def test_profiles_are_compared_where_they_are_given() -> None:
    parse_graph(SMALL, profiles={"main": ("get_quote", "get_levels")})
    assert faults(SMALL, profiles={"risk": ("get_quote",), "mian": ()}) == [
        "Node 'agent' uses the profile 'main', which does not exist. Did you mean 'mian'?"
    ]
    assert faults(SMALL, profiles={"main": ("get_quote",)}) == [
        "Node 'agent' names the tool 'get_levels', which the profile 'main' does not have. Add it to the profile "
        "first, or take it away here."
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The design is empty. Write it as JSON, or start from the live version's."),
        (
            '{\n  "schema": 1\n  "start": "a"\n}',
            "This is not JSON yet. Line 3, column 3: a comma is missing before this place, or a bracket before it is "
            "not closed.",
        ),
        (
            '{"schema": 1} {}',
            "This is not JSON yet. Line 1, column 15: the design ends before this place, but more text follows.",
        ),
        (
            '{\n  "start": "a',
            "This is not JSON yet. Line 2, column 12: the text that begins here has no closing quote.",
        ),
        ("[1, 2]", "The design has to be an object in braces with 'schema', 'start' and 'nodes'."),
        (
            '{"nodes": {"a": 1, "a": 2}}',
            "'a' stands twice in the same object. Rename one of them or take it away.",
        ),
        ("[" * 100_000, "The design is nested too deeply to be one."),
        ('{"schema": ' + "9" * 5000 + "}", "A number in the design has too many digits."),
        ('{"start": "a\\u0000"}', "A text holds the character NUL, which no database keeps. Take it away."),
    ],
)
def test_a_text_that_is_no_design_says_where(text: str, sentence: str) -> None:
    assert faults(text) == [sentence]


def test_a_comma_too_many_is_found_at_its_place() -> None:
    [sentence] = faults('{\n  "schema": 1,\n}')
    # Newer Pythons point at the comma, older ones at what follows it.
    assert "Line 2, column 14: " in sentence or "Line 3, column 1: " in sentence
    assert "one too many" in sentence


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_a_number_that_is_none_is_refused(number: str) -> None:
    text = json.dumps(SMALL).replace("0.6", number)
    assert "min_confidence" in faults(text)[0]


def test_every_fault_is_listed_and_at_most_ten() -> None:
    design = make_design()
    for number in range(12):
        design["nodes"][f"lonely-{number}"] = REPLY
    with pytest.raises(BadGraph) as caught:
        parse_graph(design)
    assert len(caught.value.messages) == 10
    assert caught.value.n_more == 2
    two = make_design("nodes", "agent", "tools", ["get_qoute"])
    two["start"] = "raed"
    assert len(faults(two)) == 2
