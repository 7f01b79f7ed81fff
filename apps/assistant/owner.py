"""Who a conversation belongs to."""

from dataclasses import dataclass
from uuid import UUID

from django.utils.crypto import salted_hmac


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """An account, a trial visitor known by a signed cookie, or neither for a turn asked from the shell."""

    user_id: int | None = None
    visitor_id: UUID | None = None

    @property
    def key(self) -> str:
        """A stable name for limits and logs; holds no personal data."""
        if self.user_id is not None:
            return f"user:{self.user_id}"
        return f"visitor:{self.visitor_id}"

    @property
    def hashed(self) -> str:
        """What an upstream may know of a person: stable, keyed with SECRET_KEY, and no way back; "" for nobody."""
        if self == Owner():
            return ""
        return salted_hmac("gvses.person", self.key, algorithm="sha256").hexdigest()
