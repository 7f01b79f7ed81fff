"""Results as JSON values: dataclasses become objects, days ISO text, enums their values; no NaN, no infinity."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from datetime import date
from enum import Enum
from itertools import chain
from typing import Any

PLAIN = {float, int, str, bool, type(None)}


def to_json(value: Any) -> Any:
    """Raises TypeError for a value that JSON has no shape for."""
    match value:
        case Enum():
            return value.value
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case date():
            return value.isoformat()
        case Mapping():
            return {str(key): to_json(item) for key, item in value.items()}
        case Sequence():
            return _list(value)
        case _ if dataclasses.is_dataclass(value):
            return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
        case _:
            raise TypeError(f"{type(value).__name__} has no JSON shape")


def _list(values: Sequence[Any]) -> list[Any]:
    """A chart has tens of thousands of numbers: a list of plain values, or of rows of them, is checked at once."""
    if _is_plain(values):
        return list(values)
    if set(map(type, values)) == {list} and _is_plain(list(chain.from_iterable(values))):
        return [list(row) for row in values]
    return [to_json(value) for value in values]


def _is_plain(values: Sequence[Any]) -> bool:
    """Whether JSON takes all values as they are. A sum is finite only when each of its numbers is."""
    kinds = set(map(type, values))
    numbers = values if str not in kinds else [value for value in values if type(value) is float]
    return kinds <= PLAIN and (float not in kinds or math.isfinite(sum(filter(None, numbers))))
