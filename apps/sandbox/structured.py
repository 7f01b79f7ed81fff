"""JSON that fits a schema, filled from the analyst's opinion where a property's name says what it is for."""

from typing import Any, TypeAlias

from apps.sandbox.opinion import Opinion, left_over, named
from apps.sandbox.wire_errors import WireError

Json: TypeAlias = dict[str, Any]

#: A schema that refers to itself is followed this far.
DEEPEST = 12
#: No list and no text is padded beyond this to reach the length that a schema wants.
LONGEST = 1000
NOTHING = object()
PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


class Filler:
    """Fills one schema. `text` is the answer in words, for properties that hold an answer."""

    def __init__(self, root: Json, held: Opinion, text: str) -> None:
        self._root = root
        self._held = held
        self._text = text

    def value(self) -> Any:
        """Raises WireError for a schema that is none."""
        try:
            return self._value(self._root, "", 0)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise WireError(400, "The JSON schema cannot be read.", param="schema", code="invalid_schema") from error

    def _value(self, schema: Json, name: str, depth: int) -> Any:
        if depth > DEEPEST:
            return None
        schema = self._resolved(schema)
        known = self._known(name)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self._member(schema["enum"], known)
        if branches := schema.get("anyOf") or schema.get("oneOf"):
            return self._branch(branches, name, known, depth)
        if schema.get("allOf"):
            return self._value({**schema, **self._resolved(schema["allOf"][0]), "allOf": None}, name, depth + 1)
        kinds = self._kinds(schema)
        for kind in kinds:
            if kind != "null" and fits(known, kind):
                return self._made(schema, kind, known, depth)
        return None if "null" in kinds and known is not NOTHING else self._made(schema, kinds[0], NOTHING, depth)

    def _made(self, schema: Json, kind: str, known: Any, depth: int) -> Any:
        match kind:
            case "object":
                properties = schema.get("properties") or {}
                return {key: self._value(child, key, depth + 1) for key, child in properties.items()}
            case "array":
                items = list(known) if fits(known, kind) else []
                while len(items) < min(LONGEST, schema.get("minItems", 0)):
                    items.append(self._value(schema.get("items") or {}, "", depth + 1))
                return items[: schema.get("maxItems", len(items))]
            case "string":
                text = known if fits(known, kind) else ""
                padded = text.ljust(min(LONGEST, schema.get("minLength", 0)), "-")
                return padded[: schema.get("maxLength", len(padded))]
            case "number" | "integer":
                return within(schema, known if fits(known, kind) else 0)
            case "boolean":
                return known if fits(known, kind) else False
            case _:
                return None

    def _branch(self, branches: list[Json], name: str, known: Any, depth: int) -> Any:
        """The branch that takes what is known, else null where null is allowed, else the first."""
        resolved = [self._resolved(branch) for branch in branches]
        for branch in resolved:
            if branch.get("enum") or any(fits(known, kind) for kind in self._kinds(branch) if kind != "null"):
                return self._value(branch, name, depth + 1)
        if any("null" in self._kinds(branch) for branch in resolved):
            return None
        return self._value(resolved[0], name, depth + 1)

    def _member(self, members: list[Any], known: Any) -> Any:
        """The member that is known, or stands for what is known, or for what is left over."""
        for member in members:
            if member == known and type(member) is type(known):
                return member
        if known is None and None in members:
            return None
        names = [member for member in members if isinstance(member, str)]
        if not names:
            return members[0]
        index = named(self._held.reading.intent, names) if known == self._held.reading.intent else None
        if index is None and None in members:
            return None
        return names[left_over(names) if index is None else index]

    def _known(self, name: str) -> Any:
        reading = self._held.reading
        match name.lower():
            case "intent" | "category" | "classification" | "class" | "label" | "route":
                return reading.intent
            case "symbol" | "ticker":
                return reading.symbols[0] if reading.symbols else None
            case "symbols" | "tickers":
                return list(reading.symbols)
            case "confidence" | "probability" | "certainty":
                return round(self._held.confidence, 3)
            case "timeframe":
                return reading.parameters.timeframe
            case "query" | "question":
                return reading.question
            case "answer" | "text" | "response" | "reply" | "content" | "message" | "summary" | "output":
                return self._text
        return NOTHING

    def _resolved(self, schema: Json) -> Json:
        """Follows `$ref` inside the document."""
        for _ in range(DEEPEST):
            pointer = schema.get("$ref")
            if not isinstance(pointer, str) or not pointer.startswith("#"):
                return schema
            found: Any = self._root
            for part in filter(None, pointer[1:].split("/")):
                found = found.get(part, {}) if isinstance(found, dict) else {}
            schema = found if isinstance(found, dict) else {}
        return {}

    def _kinds(self, schema: Json) -> list[str]:
        kind = schema.get("type") or ("object" if "properties" in schema else "null")
        return [kind] if isinstance(kind, str) else list(kind)


def fits(value: Any, kind: str) -> bool:
    if isinstance(value, bool) and kind != "boolean":
        return False
    return value is not NOTHING and isinstance(value, PYTHON_TYPES.get(kind, ()))


def within(schema: Json, number: float) -> float:
    """The number, moved into the range that the schema allows."""
    step = schema.get("multipleOf") or (1 if schema.get("type") == "integer" else 0.001)
    lowest = max(schema.get("minimum", number), schema.get("exclusiveMinimum", number - step) + step)
    highest = min(schema.get("maximum", number), schema.get("exclusiveMaximum", number + step) - step)
    return float(inside) if isinstance(inside := max(lowest, min(highest, number)), float) else int(inside)
