"""What a question was classified as, and the rules that do it where no server does, or none in time.

The node of a design lists its own intents. Ours are named alike, and an order is "execution" there, so the reader's
intent is looked up by name; a design with other names gets the nearest group, or else the last of its list.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from apps.market.symbols.instruments import resolve
from apps.providers.analyst.conversation import ABOUT_SYMBOLS
from apps.providers.analyst.reading import Reading
from apps.providers.sidecar import INTENTS

By: TypeAlias = Literal["decisions", "json_schema", "rules"]

ORDER = ("execution", "order")
#: Names of groups that a design may use in place of single intents, the nearest first.
GROUPS = {
    "quote": ("market_data", "market"),
    "indicators": ("analysis", "technical_analysis", "market"),
    "levels": ("analysis", "technical_analysis", "market"),
    "plan": ("trade_plan", "trading", "analysis"),
    "compare": ("analysis", "market"),
    "news": ("market",),
    "overview": ("market", "market_data", "analysis"),
    "chart": ("chart_command",),
    "knowledge": ("education", "question"),
    "greeting": ("small_talk", "other"),
    "clarify": ("other", "general"),
    "out_of_scope": ("other", "general"),
}
#: Readings that say "not understood", which a classifier may know better.
OPEN = frozenset({"clarify", "out_of_scope"})
#: From this confidence on it does.
KNOWS_BETTER = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """`confidence` is the classifier's own probability of `intent`, None where the wording settles it."""

    intent: str
    symbol: str | None
    confidence: float | None
    by: By

    @property
    def certainty(self) -> float:
        """The confidence to decide by: what the wording settles is certain."""
        return 1.0 if self.confidence is None else self.confidence

    @property
    def is_order(self) -> bool:
        return self.intent in ORDER


def by_rules(reading: Reading, intents: Sequence[str], *, is_chart: bool) -> Classification:
    """The reader's intent under the node's names; `is_chart` where the message is a chart command it can carry out."""
    symbol = next(iter(reading.symbols), None)
    if is_chart:
        reading = replace(reading, intent="chart", confidence=None, topic="")
    intent = next((name for name in _names(reading) if name in intents), intents[-1])
    return Classification(intent=intent, symbol=symbol, confidence=reading.confidence, by="rules")


def with_order(found: Classification, reading: Reading, intents: Sequence[str]) -> Classification:
    """What a model found, unless our reader knows an order by its wording: whether a person is asked before something
    is executed does not hang on a model."""
    order = next((name for name in ORDER if name in intents), None)
    if reading.topic != "order" or order is None or found.is_order:
        return found
    return replace(found, intent=order, confidence=None, by="rules")


def symbol_of(reading: Reading, named: str | None) -> str | None:
    """Whom the question is about: our reader's symbol, or where it has none the known one that the classifier names."""
    return next(iter(reading.symbols), None) or (resolve(named[:40]) if named else None)


def refined(reading: Reading, found: Classification) -> Reading:
    """The reading that the sidecar goes by, after a model has classified the question.

    Our reader's intent stays where it understood the question, so that an intent means the same whichever provider
    answers. Where it did not, the classifier's counts, and its symbol with it. What our guards stopped stays stopped.
    """
    if found.by == "rules" or reading.topic:
        return reading
    symbols = reading.symbols or ((found.symbol,) if found.symbol else ())
    intent = "plan" if found.is_order else found.intent
    if reading.intent in OPEN and intent in INTENTS and intent not in OPEN and found.certainty >= KNOWS_BETTER:
        return replace(
            reading,
            intent=intent,
            confidence=found.confidence,
            symbols=symbols if intent in ABOUT_SYMBOLS else reading.symbols,
            topic="order" if found.is_order else "",
        )
    return reading


def _names(reading: Reading) -> tuple[str, ...]:
    own = (reading.intent, *GROUPS.get(reading.intent, ()))
    return (*ORDER, *own) if reading.topic == "order" else own
