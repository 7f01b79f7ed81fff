"""The contract between the bars repository and a source of bars."""

from collections.abc import Sequence
from typing import Protocol

from apps.market.values import Kind, Series


class BarSource(Protocol):
    """One place that daily bars come from. Calls are synchronous and may block on a file or a socket."""

    name: str
    kind: Kind

    def symbols(self) -> Sequence[str] | None:
        """The symbols it can serve, or None when only asking tells (a data vendor)."""
        ...

    def bars(self, symbol: str) -> Series:
        """All daily bars it has of `symbol`. Raises NoData or SourceUnavailable."""
        ...
