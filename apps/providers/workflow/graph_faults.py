"""What is wrong with a design of well-formed nodes: loose ends, circles, intents that nobody gives, unknown names."""

import re
from collections.abc import Collection, Iterator, Mapping

from apps.market.tools.registry import TOOLS
from apps.providers.workflow.json_faults import did_you_mean, named, nearest
from apps.providers.workflow.schema import (
    AgentNode,
    ApprovalNode,
    BranchNode,
    ClassifyNode,
    Graph,
    ReplyNode,
    Way,
    When,
    ends_turn,
    ways_of,
)

#: What an approval's message may hold in braces.
PLACEHOLDERS = ("symbol",)
BRACES = re.compile(r"\{([A-Za-z_]*)\}")


def faults_of(graph: Graph, *, profiles: Mapping[str, Collection[str]] | None) -> list[str]:
    """One sentence a fault, each naming the node and what to do. `profiles`: names with the tools of each."""
    ways = _ways(graph)
    return [
        *_loose_ends(graph),
        *_unreached(graph, ways),
        *_circles(graph, ways),
        *_no_answer(graph, ways),
        *_intents(graph, ways),
        *_agents(graph, profiles),
        *_messages(graph),
    ]


def _ways(graph: Graph) -> dict[str, list[str]]:
    """Each node's next ones. A misspelt id counts as the one that was meant, so that one slip is one fault."""
    known = list(graph.nodes)
    return {
        node_id: [target for way in ways_of(node) if (target := _meant(way.target, known))]
        for node_id, node in graph.nodes.items()
    }


def _meant(target: str, known: list[str]) -> str | None:
    return target if target in known else nearest(target, known)


def _start(graph: Graph) -> str | None:
    return _meant(graph.start, list(graph.nodes))


def _loose_ends(graph: Graph) -> Iterator[str]:
    known = list(graph.nodes)

    def missing(target: str) -> str:
        return f"'{target}', which does not exist.{did_you_mean(target, known) or f' The nodes are {named(known)}.'}"

    if graph.start not in graph.nodes:
        yield f"The design starts at {missing(graph.start)}"
    for node_id, node in graph.nodes.items():
        for way in ways_of(node):
            if way.target not in graph.nodes:
                yield f"Node '{node_id}' {_said(way)} {missing(way.target)}"


def _said(way: Way) -> str:
    return f"sends {way.condition} to" if way.condition else "goes on to"


def _reached(start: str, ways: Mapping[str, list[str]], *, not_past: Collection[str] = ()) -> set[str]:
    """The nodes that can be reached from `start`, going through none of `not_past`."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        node_id = waiting.pop()
        if node_id not in found:
            found.add(node_id)
            waiting += [] if node_id in not_past else ways[node_id]
    return found


def _unreached(graph: Graph, ways: Mapping[str, list[str]]) -> Iterator[str]:
    start = _start(graph)
    if start is None:
        return
    reached = _reached(start, ways)
    for node_id in graph.nodes:
        if node_id not in reached:
            yield f"Node '{node_id}' is never reached. Let another node lead to it, or take it away."


def _circles(graph: Graph, ways: Mapping[str, list[str]]) -> Iterator[str]:
    done: set[str] = set()

    def visit(node_id: str, path: list[str]) -> Iterator[str]:
        """Depth first; a way back into the path closes a circle."""
        if node_id in path:
            circle = " → ".join(f"'{step}'" for step in [*path[path.index(node_id) :], node_id])
            yield f"The nodes {circle} go round in a circle. A turn has to end: let one of them go on elsewhere."
        elif node_id not in done:
            done.add(node_id)
            for target in dict.fromkeys(ways[node_id]):
                yield from visit(target, [*path, node_id])

    for root in graph.nodes:
        yield from visit(root, [])


def _no_answer(graph: Graph, ways: Mapping[str, list[str]]) -> Iterator[str]:
    start = _start(graph)
    if start is None or any(way.target not in ways for node in graph.nodes.values() for way in ways_of(node)):
        return
    if not any(ends_turn(graph.nodes[node_id]) for node_id in _reached(start, ways)):
        yield (
            f"No way from '{start}' leads to an answer. Let one end in an agent, a chart_command or a reply "
            "that has no 'next'."
        )


def _intents(graph: Graph, ways: Mapping[str, list[str]]) -> Iterator[str]:
    classifiers = {key: node for key, node in graph.nodes.items() if isinstance(node, ClassifyNode)}
    for node_id, classifier in classifiers.items():
        values = [option.value for option in classifier.intents]
        for value in _repeated(values):
            yield f"Node '{node_id}' lists the intent '{value}' twice. Take one away."
    start = _start(graph)
    unread = _reached(start, ways, not_past=classifiers) - set(classifiers) if start else set()
    for node_id, node in graph.nodes.items():
        if not isinstance(node, BranchNode):
            continue
        if node_id in unread:
            yield f"Node '{node_id}' can be reached before any 'classify' node, so it has nothing to decide by."
            continue
        given = [
            option.value
            for key, classifier in classifiers.items()
            if node_id in _reached(key, ways)
            for option in classifier.intents
        ]
        yield from _cases(node_id, node, list(dict.fromkeys(given)))


def _cases(node_id: str, node: BranchNode, given: list[str]) -> Iterator[str]:
    for n, case in enumerate(node.cases, start=1):
        if case.when == When():
            yield f"Node '{node_id}', case {n}, has no condition, so it takes everything. Use 'otherwise' for that."
            continue
        intents = case.when.intent or ()
        for value in _repeated(intents):
            yield f"Node '{node_id}', case {n}, lists the intent '{value}' twice. Take one away."
        for value in dict.fromkeys(intents):
            if given and value not in given:
                yield (
                    f"Node '{node_id}', case {n}, asks for the intent '{value}', which no 'classify' node before it "
                    f"gives.{did_you_mean(value, given) or f' It gives {named(given)}.'}"
                )
            earlier = next((m for m in range(1, n) if _takes(node.cases[m - 1].when, value, case.when)), None)
            if earlier:
                yield (
                    f"Node '{node_id}', case {n}, asks for the intent '{value}', but case {earlier} has taken all of "
                    "it already. Take it away from one of them."
                )


def _takes(earlier: When, value: str, later: When) -> bool:
    """Whether nothing of that intent is left for the later case."""
    return (
        (earlier.intent is None or value in earlier.intent)
        and (earlier.min_confidence or 0) <= (later.min_confidence or 0)
        and earlier.has_symbol in (None, later.has_symbol)
        and earlier != When()
    )


def _agents(graph: Graph, profiles: Mapping[str, Collection[str]] | None) -> Iterator[str]:
    for node_id, node in graph.nodes.items():
        if not isinstance(node, AgentNode):
            continue
        if profiles is not None and node.profile not in profiles:
            names = sorted(profiles)
            yield (
                f"Node '{node_id}' uses the profile '{node.profile}', which does not exist."
                f"{did_you_mean(node.profile, names) or f' The profiles are {named(names)}.'}"
            )
        tools = node.tools or ()
        for tool in _repeated(tools):
            yield f"Node '{node_id}' names the tool '{tool}' twice. Take one away."
        for tool in dict.fromkeys(tools):
            if tool not in TOOLS:
                yield (
                    f"Node '{node_id}' names the tool '{tool}', which does not exist."
                    f"{did_you_mean(tool, list(TOOLS)) or f' The tools are {named(list(TOOLS))}.'}"
                )
            elif profiles is not None and tool not in profiles.get(node.profile, TOOLS):
                yield (
                    f"Node '{node_id}' names the tool '{tool}', which the profile '{node.profile}' does not have. "
                    "Add it to the profile first, or take it away here."
                )


def _messages(graph: Graph) -> Iterator[str]:
    for node_id, node in graph.nodes.items():
        match node:
            case ApprovalNode():
                if node.approved == node.declined:
                    yield (
                        f"Node '{node_id}' goes to '{node.approved}' after a yes and after a no, so asking changes "
                        "nothing. Let one of them lead elsewhere."
                    )
                for name in dict.fromkeys(BRACES.findall(node.message)):
                    if name not in PLACEHOLDERS:
                        guess = did_you_mean(f"{name}", list(PLACEHOLDERS)).replace("'symbol'", "{symbol}")
                        yield (
                            f"The message of node '{node_id}' holds {{{name}}}, which does not exist."
                            f"{guess or ' It can hold {symbol}.'}"
                        )
            case ReplyNode():
                for name in dict.fromkeys(BRACES.findall(node.text)):
                    yield (
                        f"The text of node '{node_id}' holds {{{name}}}, which people would see as it is: a reply is "
                        "fixed text. Take the braces away."
                    )


def _repeated(values: Collection[str]) -> list[str]:
    seen = list(values)
    return [value for value in dict.fromkeys(seen) if seen.count(value) > 1]
