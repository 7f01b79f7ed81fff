"""One turn while its answer is written: the reading, what each tool answered, and the ledger that prints."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.providers.analyst.ledger import Ledger
from apps.providers.analyst.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """One finished tool call."""

    call_id: str
    name: str
    arguments: Mapping[str, Any]
    ok: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One good tool result, seen through the ledger. `get` is for deciding; the others print and record."""

    call_id: str
    ledger: Ledger

    def get(self, path: str) -> Any:
        return self.ledger.value(self.call_id, path)

    def holds(self, name: str) -> bool:
        """Whether results of this tool have such a field at all."""
        return name in self.ledger.results[self.call_id]

    def has(self, path: str) -> bool:
        return self.get(path) is not None

    def price(self, path: str) -> str:
        return self.ledger.number(self.call_id, path)

    def number(self, path: str, style: str) -> str:
        return self.ledger.number(self.call_id, path, style=style)

    def percent(self, path: str) -> str:
        return self.ledger.number(self.call_id, path, style="percent")

    def size_percent(self, path: str) -> str:
        return self.ledger.number(self.call_id, path, style="size_percent")

    def day(self, path: str) -> str:
        return self.ledger.day(self.call_id, path)

    def words(self, path: str, *, part: str | None = None) -> str:
        return self.ledger.words(self.call_id, path, part=part)


@dataclass(slots=True, kw_only=True)
class Turn:
    reading: Reading
    ledger: Ledger = field(default_factory=Ledger)
    calls: list[Called] = field(default_factory=list)

    def add(self, called: Called, result: dict[str, Any]) -> None:
        self.calls.append(called)
        self.ledger.add(called.call_id, result)

    @property
    def good_results(self) -> list[Result]:
        """Of every tool, in the order of the calls."""
        return [Result(call_id=called.call_id, ledger=self.ledger) for called in self.calls if called.ok]

    def results(self, name: str) -> list[Result]:
        """The good results of the tool `name`, in the order of its calls."""
        return [Result(call_id=c.call_id, ledger=self.ledger) for c in self.calls if c.name == name and c.ok]

    def result(self, name: str) -> Result | None:
        return next(iter(self.results(name)), None)

    @property
    def left_out(self) -> list[str]:
        """Symbols that were asked for and that no tool was asked about, because an answer has room for a few."""
        asked: set[str] = set()
        for called in self.calls:
            asked.update(called.arguments.get("symbols", ()), [called.arguments.get("symbol", "")])
        return [symbol for symbol in self.reading.symbols if symbol not in asked] if asked else []

    @property
    def failures(self) -> list[Called]:
        return [called for called in self.calls if not called.ok]
