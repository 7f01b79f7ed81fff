"""Every error class that a provider or the engine raises stands in the tree and is explained to operations."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from apps.providers import errors
from apps.routing.failure_codes import CODES

APPS = Path(__file__).parents[2] / "apps"
SOURCES = [*sorted((APPS / "providers").rglob("*.py")), *sorted((APPS / "assistant").glob("*.py"))]
CLASSES = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.ProviderError)
}
#: The engine's own name for a failure that says nothing about the provider.
SAME_CODES = {"ReaderTooSlow": "ProviderUnavailable"}


def raised() -> Iterator[tuple[str, str]]:
    """Class and code of every error made in the source; a deadline's code becomes that of an unavailable provider."""
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            name = {"Due": "ProviderUnavailable"}.get(node.func.id, SAME_CODES.get(node.func.id, node.func.id))
            if name not in CLASSES:
                continue
            given = {keyword.arg: keyword.value for keyword in node.keywords}.get("code")
            if given is None:
                yield name, CLASSES[name].code
            elif isinstance(given, ast.Constant):
                yield name, str(given.value)


def documented() -> set[tuple[str, str]]:
    assert errors.__doc__ is not None
    tree = errors.__doc__.split("\n\n")[1]
    found = set()
    for entry in re.split(r"\n(?=[├└])", tree):
        kind, text = re.sub(r"[├└─│\s]+", " ", entry).split(maxsplit=1)
        found |= {(kind, code) for code in re.findall(r"\w+", text.rpartition(":")[2])}
    return found


def test_the_tree_names_every_code_under_the_class_that_has_it_and_no_other() -> None:
    made = set(raised())
    assert len(made) > 25
    assert made == documented()


def test_operations_is_told_what_every_code_of_a_failure_means() -> None:
    documented_codes = {code for _, code in documented()}
    of_failures = {code for kind, code in documented() if CLASSES[kind].counts_as_failure}
    assert of_failures <= set(CODES) <= documented_codes | {kind.code for kind in CLASSES.values()}


def test_one_answer_opens_a_circuit_just_where_it_wants_somebody() -> None:
    opening = {code for kind, code in documented() if CLASSES[kind].opens_circuit}
    assert {code for code, known in CODES.items() if known.wants_somebody} == opening
