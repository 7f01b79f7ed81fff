"""How often somebody may do something, counted in Django's cache so that every process counts together.

A sliding-window counter: the hits of the running window plus those of the window before it, weighted by how much
of that one still lies within the last `seconds`. A fixed window would allow twice the count around its edge.
"""

import math
import re
from dataclasses import dataclass

from django.core.cache import cache
from django.utils.crypto import salted_hmac

_RATE = re.compile(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,8})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """At most `count` hits in `seconds`."""

    count: int
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of a hit. `retry_after_s` is 0 when allowed; otherwise whole seconds until a lone hit passes."""

    allowed: bool
    retry_after_s: int
    remaining: int


def parse_rate(text: str) -> Rate:
    """Reads "20/60" as 20 hits in 60 seconds. Raises ValueError with a sentence that says what to write."""
    found = _RATE.fullmatch(text.strip())
    if not found:
        raise ValueError(f'"{text}" is no rate. Write count/seconds, both whole and above 0: 20/60 is 20 a minute.')
    return Rate(count=int(found[1]), seconds=int(found[2]))


def parse_rates(text: str) -> tuple[Rate, ...]:
    """Several limits that all hold, comma separated: "60/60, 1000/86400". Raises ValueError like `parse_rate`."""
    return tuple(parse_rate(part) for part in text.split(","))


def hit(*, key: str, rate: Rate, now: float) -> Verdict:
    """Counts one hit for `key` and says whether it is allowed; a refused hit does not count.

    `now` is in seconds since the epoch. The cache sees a keyed hash of `key`, so an address or a name never lies in
    it. Racing hits may refuse one too many, and never allow one too many.
    """
    window, elapsed_s = divmod(now, rate.seconds)
    name = _cache_name(key, rate)
    before = _count(f"{name}:{int(window) - 1}")
    running = f"{name}:{int(window)}"
    # Counted first and taken back when refused: a check before the count would let racing hits through together.
    counted = _add_one(running, keep_s=2 * rate.seconds)
    weighted = before * (1 - elapsed_s / rate.seconds) + counted
    if weighted <= rate.count + 1e-9:
        return Verdict(allowed=True, retry_after_s=0, remaining=math.floor(rate.count - weighted + 1e-9))
    _take_one(running)
    wait_s = seconds_until_free(rate=rate, before=before, running=counted - 1, elapsed_s=elapsed_s)
    return Verdict(allowed=False, retry_after_s=max(1, math.ceil(wait_s - 1e-9)), remaining=0)


def seconds_until_free(*, rate: Rate, before: int, running: int, elapsed_s: float) -> float:
    """How long until one more hit fits, with `before` and `running` hits in the last and the running window."""
    if running + 1 <= rate.count:
        # Room comes inside the running window, as the one before it slides out.
        share = 1 - (rate.count - running - 1) / before if before else 0.0
        return max(0.0, share * rate.seconds - elapsed_s)
    share = max(0.0, 1 - (rate.count - 1) / running)
    return (1 + share) * rate.seconds - elapsed_s


def _cache_name(key: str, rate: Rate) -> str:
    return f"rate:{rate.seconds}:{salted_hmac('apps.core.rate_limit', key, algorithm='sha256').hexdigest()}"


def _count(name: str) -> int:
    # A refusal that is taken back after the cache dropped its counter may leave a new one below zero.
    return max(0, int(cache.get(name, 0)))


def _add_one(name: str, *, keep_s: int) -> int:
    """Adds one to a counter that may not exist yet, or may vanish between two operations."""
    while True:
        if cache.add(name, 1, timeout=keep_s):
            return 1
        try:
            return int(cache.incr(name))
        except ValueError:
            continue


def _take_one(name: str) -> None:
    try:
        cache.decr(name)
    except ValueError:
        return
