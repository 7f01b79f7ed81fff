"""Which provider owns which of 10,000 buckets, so that a change of shares moves as few sessions as it can.

A session falls into a bucket by a stable hash. Ranges laid end to end would move buckets between providers whose
shares did not change; an owner for each bucket does not.
"""

import string
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Self
from uuid import UUID

from apps.routing.errors import BadBucketMap
from apps.routing.shares import WHOLE, require_whole

#: One bucket a basis point.
N_BUCKETS = WHOLE
SYMBOLS = string.ascii_uppercase + string.ascii_lowercase + string.digits


def bucket_of(session_id: UUID, salt: str) -> int:
    """The session's bucket, 0 to 9,999; the same in every process and version for one salt."""
    digest = sha256(f"{salt}:{session_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % N_BUCKETS


@cache
def _order() -> tuple[int, ...]:
    """Every bucket once, in the one order in which buckets change hands."""
    return tuple(sorted(range(N_BUCKETS), key=lambda bucket: sha256(b"%d" % bucket).digest()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """How many buckets one provider hands to another."""

    giver: str
    taker: str
    n_buckets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketMap:
    """The owner of each bucket."""

    owners: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.owners) != N_BUCKETS:
            raise BadBucketMap(f"A bucket map has {N_BUCKETS:,} owners; this one has {len(self.owners):,}.")

    @classmethod
    def of_one(cls, provider: str) -> Self:
        return cls(owners=(provider,) * N_BUCKETS)

    def shares(self) -> dict[str, int]:
        """Basis points by owner, by name; a provider without a bucket is not in it."""
        return dict(sorted(Counter(self.owners).items()))

    def move(self, to_shares: Mapping[str, int]) -> "BucketMap":
        """The map with exactly these basis points, which sum to 10,000. Raises BadShares.

        Only a provider that shrinks gives, only one that grows takes: the fewest buckets change hands, and none
        leaves a provider that grows.
        """
        require_whole(to_shares)
        now = Counter(self.owners)
        to_give = {name: n - to_shares.get(name, 0) for name, n in now.items() if n > to_shares.get(name, 0)}
        takers = [name for name, share in sorted(to_shares.items()) for _ in range(share - now[name])]
        owners = list(self.owners)
        taking = iter(takers)
        for bucket in _order():
            giver = self.owners[bucket]
            if to_give.get(giver):
                to_give[giver] -= 1
                owners[bucket] = next(taking)
        return BucketMap(owners=tuple(owners))

    def moves_to(self, other: "BucketMap") -> list[Move]:
        """Who hands how many buckets to whom on the way to the other map, largest first."""
        pairs = Counter((a, b) for a, b in zip(self.owners, other.owners, strict=True) if a != b)
        return [
            Move(giver=giver, taker=taker, n_buckets=n)
            for (giver, taker), n in sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))
        ]

    def encode(self) -> str:
        """A legend line ("A=analyst B=responses"), then one symbol a bucket."""
        names = sorted(set(self.owners))
        if len(names) > len(SYMBOLS):
            raise BadBucketMap(f"A bucket map has room for {len(SYMBOLS)} owners; this one has {len(names)}.")
        symbols = dict(zip(names, SYMBOLS, strict=False))
        if any(not name or set(name) & set("= \n") for name in names):
            raise BadBucketMap("An owner's name is empty or holds a space, a line break or an equals sign.")
        legend = " ".join(f"{symbol}={name}" for name, symbol in symbols.items())
        return f"{legend}\n{''.join(symbols[owner] for owner in self.owners)}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """The map that `encode` wrote. Raises BadBucketMap."""
        names, symbols = _parts(text)
        try:
            return cls(owners=tuple(names[symbol] for symbol in symbols))
        except KeyError as error:
            raise BadBucketMap(f"The bucket map uses the symbol {error} without naming its owner.") from error


def owner_in(text: str, bucket: int) -> str:
    """The owner of one bucket in an encoded map, without decoding the other 9,999. Raises BadBucketMap."""
    names, symbols = _parts(text)
    try:
        return names[symbols[bucket]]
    except (KeyError, IndexError) as error:
        raise BadBucketMap(f"The bucket map does not say who owns bucket {bucket:,}.") from error


def _parts(text: str) -> tuple[dict[str, str], str]:
    legend, _, symbols = text.partition("\n")
    names = {}
    for entry in legend.split():
        symbol, separator, name = entry.partition("=")
        if len(symbol) != 1 or not separator or not name:
            raise BadBucketMap(f"The bucket map's legend holds “{entry}”, which names no owner.")
        names[symbol] = name
    return names, symbols
