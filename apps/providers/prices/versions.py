"""Our own prices in the database: each change is a new version, and every process has read it seconds later."""

import logging
import time
from datetime import datetime
from decimal import Decimal
from threading import Lock

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.providers.models import MOST_USD_A_UNIT, PriceOverride
from apps.providers.prices.overrides import Override, model_key, overrides_known

logger = logging.getLogger(__name__)

#: Other processes price by a new version no later than with the first turn that begins after so many seconds.
READ_EVERY_S = 10.0
PRICES = (
    "usd_per_million_input",
    "usd_per_million_cached",
    "usd_per_million_output",
    "usd_per_audio_minute",
    "usd_per_million_characters",
)

_reading = Lock()
_next_read_at = 0.0


class BadPrice(Exception):
    """A field holds what a price cannot be; `field` names it, `str(error)` is a whole sentence."""

    def __init__(self, sentence: str, *, field: str) -> None:
        super().__init__(sentence)
        self.field = field


class PricesReplaced(Exception):
    """Someone else entered a newer version since this one was decided on; `str(error)` is a whole sentence."""


def refresh_overrides() -> None:
    """Reads the versions if the last reading is old. Raises a database error, and what was known stays.

    For the beginning of a turn: whoever finds another thread reading goes on with what is known.
    """
    if time.monotonic() < _next_read_at or not _reading.acquire(blocking=False):
        return
    try:
        _read()
    finally:
        _reading.release()


def read_overrides() -> None:
    """Reads the versions now, after any reading under way."""
    with _reading:
        _read()


def forget_overrides() -> None:
    """As a process that has just started: nothing is known, and the next turn reads."""
    global _next_read_at
    with _reading:
        overrides_known.replace(())
        _next_read_at = 0.0


def draft_of(
    *,
    model: str,
    usd_per_million_input: Decimal | None = None,
    usd_per_million_cached: Decimal | None = None,
    usd_per_million_output: Decimal | None = None,
    usd_per_audio_minute: Decimal | None = None,
    usd_per_million_characters: Decimal | None = None,
    uses_list: bool = False,
    valid_from: datetime | None = None,
    note: str,
    by: str,
) -> PriceOverride:
    """A version that is not saved, in force from `valid_from`, now by default. Raises BadPrice."""
    draft = PriceOverride(
        model=model_key(model),
        usd_per_million_input=usd_per_million_input,
        usd_per_million_cached=usd_per_million_cached,
        usd_per_million_output=usd_per_million_output,
        usd_per_audio_minute=usd_per_audio_minute,
        usd_per_million_characters=usd_per_million_characters,
        uses_list=uses_list,
        valid_from=valid_from or timezone.now(),
        note=note.strip(),
        created_by=by,
    )
    _require_good(draft)
    return draft


def save_override(*, draft: PriceOverride, expected_number: int | None = None) -> PriceOverride:
    """The draft as the model's newest version. Raises PricesReplaced.

    `expected_number` is the newest version that the change was decided on, 0 for none; None asks nothing.
    """
    with transaction.atomic():
        number = newest_number(draft.model)
        if expected_number is not None and number != expected_number:
            raise PricesReplaced(
                f"The prices of {draft.model} have changed since you looked: override {number} is the newest. "
                "Nothing was saved; look again and repeat."
            )
        draft.save(force_insert=True)
        transaction.on_commit(read_overrides, robust=True)
    logger.info("Price entered", extra={"model": draft.model, "override": draft.pk, "by": draft.created_by})
    return draft


def newest_number(model: str) -> int:
    """Of the model's newest version; 0 where it has none."""
    row = versions_of(model).first()
    return row.pk if row else 0


def versions_of(model: str) -> QuerySet[PriceOverride]:
    """All versions of a model's prices, newest first."""
    return PriceOverride.objects.filter(model=model_key(model)).order_by("-id")


def as_override(row: PriceOverride) -> Override:
    """The row as prices are computed with; one that is not saved is newer than all others."""
    prices = {name: getattr(row, name) for name in PRICES}
    return Override(
        number=row.pk or 2**63, model=row.model, valid_from=row.valid_from, uses_list=row.uses_list, **prices
    )


def _require_good(row: PriceOverride) -> None:
    """Raises BadPrice for the first field that cannot stand."""
    if not row.model or len(row.model) > 100 or any(character.isspace() for character in row.model):
        raise BadPrice("Name one model, without spaces, for example gpt-6.1-terra.", field="model")
    prices = {name: getattr(row, name) for name in PRICES}
    for name, price in prices.items():
        if price is not None and not (price.is_finite() and 0 <= price <= MOST_USD_A_UNIT):
            raise BadPrice(f"A price is between 0 and {MOST_USD_A_UNIT:,} US dollars.", field=name)
        if price is not None and price != round(price, 6):
            raise BadPrice("A price has at most six decimal places.", field=name)
    if row.uses_list and any(price is not None for price in prices.values()):
        raise BadPrice("Leave the prices empty where the bundled list shall rule.", field="uses_list")
    if not row.uses_list and all(price is None for price in prices.values()):
        raise BadPrice("Enter a price, or say that the bundled list shall rule again.", field="usd_per_million_input")
    if (row.usd_per_million_input is None) != (row.usd_per_million_output is None):
        lacking = "usd_per_million_input" if row.usd_per_million_input is None else "usd_per_million_output"
        raise BadPrice("Input and output tokens are sold together: enter both prices or neither.", field=lacking)
    if row.usd_per_million_cached is not None and row.usd_per_million_input is None:
        raise BadPrice("Cached tokens are input tokens: enter the price of those too.", field="usd_per_million_input")
    if not row.note:
        raise BadPrice("Say why, and where the prices are published.", field="note")


def _read() -> None:
    global _next_read_at
    overrides_known.replace(as_override(row) for row in PriceOverride.objects.order_by("id"))
    _next_read_at = time.monotonic() + READ_EVERY_S
