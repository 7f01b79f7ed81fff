"""The hash that chains the audit log. Its input is fixed for good: another one would break every chain there is."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

#: What of an entry the hash covers: all of it but the hashes.
COVERED = (
    "at",
    "by",
    "approved_by",
    "action",
    "provider",
    "reason",
    "what",
    "version",
    "before",
    "after",
    "evidence",
)


def entry_hash(entry: Any, *, previous: str) -> str:
    """SHA-256 over the hash before it and the entry as canonical JSON: sorted keys, no spaces, UTC times."""
    covered = {name: _plain(getattr(entry, name)) for name in COVERED}
    text = json.dumps(covered, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(f"{previous}\n{text}".encode()).hexdigest()


def _plain(value: Any) -> Any:
    """The value as every database gives it back: PostgreSQL turns 1e22 into a whole number."""
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        case float() if value.is_integer():
            return int(value)
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
    return value
