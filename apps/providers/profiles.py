"""Assistant profiles: the newest version of each name tells a model what it is, and each change is a new version."""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.providers.models import AssistantProfile


class ProfileError(Exception):
    """`str(error)` is a whole sentence for operations."""


class ProfileMissing(ProfileError):
    """No profile has that name."""


class ProfileReplaced(ProfileError):
    """Someone else made a newer version since this one was read."""


class BadProfile(ProfileError):
    """A field holds what a profile cannot have; `field` names it."""

    def __init__(self, sentence: str, *, field: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One version of an assistant, as a provider uses it."""

    name: str
    version: int
    instructions: str
    model: str
    effort: str
    effort_high_stakes: str
    effort_voice: str
    tools: tuple[str, ...]
    #: The same for every turn that sends the same instructions and tools: "gvses-main-v3".
    cache_key: str


def profile_now(name: str) -> Profile:
    """The version in force. Raises ProfileMissing."""
    raise NotImplementedError


def effort_for(profile: Profile, *, is_high_stakes: bool, is_voice: bool) -> str:
    """Voice first: a spoken answer has two seconds, and its numbers come from tools whatever the effort."""
    if is_voice:
        return profile.effort_voice
    return profile.effort_high_stakes if is_high_stakes else profile.effort


def save_profile(
    *,
    name: str,
    instructions: str,
    model: str,
    effort: str,
    effort_high_stakes: str,
    effort_voice: str,
    tools: Sequence[str],
    label_ids: Sequence[str],
    note: str,
    by: str,
    expected_version: int,
) -> AssistantProfile | None:
    """A new version; None when it would repeat the newest. Raises BadProfile, ProfileReplaced.

    `expected_version` is the version that the change was decided on, 0 for a new name.
    """
    raise NotImplementedError
