"""Shares of new sessions: percentages as people write them, basis points (0.01 %) as the code counts them."""

from collections.abc import Collection, Mapping
from decimal import Decimal, InvalidOperation

from apps.routing.errors import BadShares, UnknownProvider

#: All sessions, in basis points.
WHOLE = 10_000


def parse_share(text: str, *, provider: str) -> int:
    """Basis points of a percentage such as "25", "12.5" or "25 %"; blank is 0. Raises BadShares."""
    number = text.strip().removesuffix("%").strip() or "0"
    try:
        percent = Decimal(number)
    except InvalidOperation:
        percent = Decimal("NaN")
    if not percent.is_finite():
        raise BadShares(f"The share of {provider} is “{text}”, which is not a number.", provider=provider)
    if percent < 0:
        raise BadShares(f"The share of {provider} is {number} %; a share is at least 0 %.", provider=provider)
    if percent > 100:
        raise BadShares(f"The share of {provider} is {number} %; a share is at most 100 %.", provider=provider)
    share = percent * 100
    if share != int(share):
        raise BadShares(f"The share of {provider} is {number} %; a share has at most two decimals.", provider=provider)
    return int(share)


def parse_shares(texts: Mapping[str, str], *, providers: Collection[str]) -> dict[str, int]:
    """Basis points by provider, for every provider; one that is not named gets 0. Raises BadShares, UnknownProvider."""
    for name in texts:
        require_known(name, providers=providers)
    shares = {name: parse_share(texts.get(name, ""), provider=name) for name in providers}
    require_whole(shares)
    return shares


def require_known(name: str, *, providers: Collection[str]) -> None:
    if name not in providers:
        known = ", ".join(providers)
        raise UnknownProvider(f"There is no provider “{name}”. The providers are {known}.", provider=name)


def require_whole(shares: Mapping[str, int]) -> None:
    """Raises BadShares unless no share is negative and together they are 100 %."""
    for name, share in shares.items():
        if share < 0:
            raise BadShares(f"The share of {name} is {percent(share)}; a share is at least 0 %.", provider=name)
    total = sum(shares.values())
    if total != WHOLE:
        gap = f"{percent(WHOLE - total)} is missing" if total < WHOLE else f"{percent(total - WHOLE)} is too much"
        raise BadShares(f"The shares sum to {percent(total)}, not to 100 %: {gap}.")


def percent(share: int) -> str:
    """Basis points as people read them: 2500 is "25 %", 1250 is "12.5 %"."""
    return f"{percent_number(share)} %"


def percent_number(share: int) -> str:
    """The same without the sign, as a form field shows it."""
    return f"{Decimal(share) / 100:.2f}".rstrip("0").rstrip(".")


def changed_shares(before: Mapping[str, int], after: Mapping[str, int]) -> str:
    """What becomes of the shares, the one that grows most first: "workflow 0 % → 25 %, …; 2,500 buckets moved"."""
    moved = sum(max(0, share - before.get(name, 0)) for name, share in after.items())
    changed = [
        f"{name} {percent(before.get(name, 0))} → {percent(after.get(name, 0))}"
        for name in sorted({*before, *after}, key=lambda name: before.get(name, 0) - after.get(name, 0))
        if before.get(name, 0) != after.get(name, 0)
    ]
    return f"{', '.join(changed)}; {moved:,} buckets moved"
