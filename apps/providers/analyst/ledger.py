"""The facts of one answer: every number, date and phrase of a tool result is printed through here, and nowhere else.

What is printed is recorded in the order of printing, so that the page can link each number to the value it repeats.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from apps.market.analysis.rounding import day_text, price_text
from apps.providers.analyst.grounding import is_parameter, numbers_in
from apps.providers.sidecar import Fact


@dataclass(slots=True)
class Ledger:
    """`results` maps a call id to what the tool answered; `facts` fills as the answer is written."""

    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    facts: list[Fact] = field(default_factory=list)

    def add(self, call_id: str, result: dict[str, Any]) -> None:
        self.results[call_id] = result

    def value(self, call_id: str, path: str) -> Any:
        """The value at "targets.0.price". Raises KeyError or IndexError where the result has no such place."""
        found: Any = self.results[call_id]
        for part in path.split("."):
            found = found[int(part)] if isinstance(found, list) else found[part]
        return found

    def number(self, call_id: str, path: str, *, style: str = "price") -> str:
        """The number at `path` as people read it.

        Styles: `price`, `signed_price`, `percent` ("+1.25 %"), `size_percent` ("1.25 %", for "fell 1.25 %"),
        `plain_percent` (as few places as it has), `count` (grouped), `ratio` (two places), `size_ratio` (the same,
        without a sign), `one_place`.
        """
        return self.record(call_id, path, print_number(self.value(call_id, path), style))

    def day(self, call_id: str, path: str) -> str:
        """The ISO day at `path` as "1 Mar 2013"."""
        return self.record(call_id, path, print_day(self.value(call_id, path)))

    def words(self, call_id: str, path: str, *, part: str | None = None) -> str:
        """The phrase at `path` (or a part of it) as it stands, each number in it a fact of its own."""
        phrase = str(self.value(call_id, path))
        if part is not None and part not in phrase:
            raise ValueError(f"{path} does not hold that part")
        printed = phrase if part is None else part
        for number in numbers_in(printed):
            if not is_parameter(number, printed):
                self.record(call_id, path, number.text)
        return printed

    def record(self, call_id: str, path: str, text: str) -> str:
        result = self.results[call_id]
        subject = result.get("symbol", "")
        label = f"{subject} {path.replace('_', ' ').replace('.', ' ')}".strip()
        self.facts.append(Fact(id=f"f{len(self.facts) + 1}", text=text, call_id=call_id, path=path, label=label))
        return text


def print_number(value: float, style: str) -> str:
    match style:
        case "price":
            return price_text(value)
        case "signed_price":
            return with_sign(price_text(abs(value)), value)
        case "percent":
            return with_sign(f"{abs(value):,.2f}", value) + " %"
        case "size_percent":
            return f"{abs(value):,.2f} %"
        case "plain_percent":
            return f"{value:,.10g} %"
        case "count":
            return f"{value:,.0f}"
        case "ratio":
            return f"{value:,.2f}" if value >= 0 else with_sign(f"{abs(value):,.2f}", value)
        case "size_ratio":
            return f"{abs(value):,.2f}"
        case "one_place":
            return f"{value:.1f}"
    raise ValueError(f"no number style {style!r}")


def with_sign(printed: str, value: float) -> str:
    return f"{'+' if value > 0 else '−' if value < 0 else ''}{printed}"


def print_day(iso: str) -> str:
    return day_text(date.fromisoformat(iso))
