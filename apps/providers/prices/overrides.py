"""Prices that operations entered, as this process knows them: an event loop asks here and never the database.

`versions.py` fills the table, in a thread that may ask the database. Nothing here imports a model, so that a price can
be asked for without one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from apps.providers.shutdown_dates import SNAPSHOT


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """One version of our own prices of a model, in US dollars; None where nobody has said.

    With `uses_list` the bundled list rules again from then on, and there are no prices.
    """

    number: int
    model: str
    valid_from: datetime
    usd_per_million_input: Decimal | None = None
    #: Input that a cache held; it costs what other input costs where this is None.
    usd_per_million_cached: Decimal | None = None
    usd_per_million_output: Decimal | None = None
    usd_per_audio_minute: Decimal | None = None
    usd_per_million_characters: Decimal | None = None
    uses_list: bool = False

    @property
    def version(self) -> str:
        return f"override {self.number}"


def in_force(overrides: Iterable[Override], *, at: datetime) -> Override | None:
    """The one of a model's that began last by then; of two that began together the newer. None where the list rules."""
    begun = [override for override in overrides if override.valid_from <= at]
    latest = max(begun, key=lambda override: (override.valid_from, override.number), default=None)
    return None if latest is None or latest.uses_list else latest


def model_key(model: str) -> str:
    """By which a model's prices are found: names differ by more than their case."""
    return model.strip().lower()


class OverrideTable:
    """All versions, by model. `replace` swaps the whole of it, so that a reader in any thread sees one state."""

    def __init__(self) -> None:
        self._by_model: dict[str, tuple[Override, ...]] = {}

    def replace(self, overrides: Iterable[Override]) -> None:
        by_model: dict[str, tuple[Override, ...]] = {}
        for override in overrides:
            key = model_key(override.model)
            by_model[key] = (*by_model.get(key, ()), override)
        self._by_model = by_model

    def versions_of(self, model: str) -> tuple[Override, ...]:
        """Those of the model itself, without those that a snapshot has of it."""
        return self._by_model.get(model_key(model), ())

    def override_of(self, model: str, *, at: datetime) -> Override | None:
        """What rules the model's price then, None where the bundled list does.

        A dated snapshot has the prices of its model unless it has its own.
        """
        by_model, key = self._by_model, model_key(model)
        own = by_model.get(key)
        if own is None:
            own = by_model.get(SNAPSHOT.sub("", key), ())
        return in_force(own, at=at)


#: Of this process. Empty until the first turn has read it, and then as read last while the database is away.
overrides_known = OverrideTable()
