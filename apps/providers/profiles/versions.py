"""Assistant profiles: the newest version of each name tells a model what it is, and each change is a new version."""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from apps.core.database_away import LastKnown
from apps.market.tools.registry import TOOLS
from apps.providers.models import AssistantProfile, Effort
from apps.providers.shipped import PROFILES, profile_fields

logger = logging.getLogger(__name__)

NAME = re.compile(r"^[a-z][a-z0-9-]{0,63}$")
MODEL = re.compile(r"^\S{1,100}$")
#: Assistants, reusable prompts and Agent Builder workflows of OpenAI, all ended.
LABEL_PREFIXES = ("asst_", "pmpt_", "wf_")
LABEL = re.compile(r"^(?:asst|pmpt|wf)_[A-Za-z0-9_-]{1,100}$")
#: What a new version may change; equal in all of them, it would repeat the newest.
CONTENT = (
    "instructions",
    "model",
    "effort",
    "effort_high_stakes",
    "effort_voice",
    "tools",
    "label_ids",
)

#: Read at every turn: written out, because building it from parts each time costs more than running it.
NEWEST = "SELECT * FROM providers_assistantprofile WHERE name = %s ORDER BY version DESC LIMIT 1"


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


_last_known: LastKnown[str, Profile] = LastKnown()


def profile_now(name: str) -> Profile:
    """The version in force; while the database is away the one used last here, or as shipped. Raises ProfileMissing."""
    return _last_known.read(
        name, lambda: _profile(newest(name) or _written_once(name)), otherwise=lambda: _profile(_shipped(name))
    )


def _profile(row: AssistantProfile) -> Profile:
    return Profile(
        name=row.name,
        version=row.version,
        instructions=row.instructions,
        model=row.model,
        effort=row.effort,
        effort_high_stakes=row.effort_high_stakes,
        effort_voice=row.effort_voice,
        tools=tuple(row.tools),
        cache_key=f"gvses-{row.name}-v{row.version}",
    )


def effort_for(profile: Profile, *, is_high_stakes: bool, is_voice: bool) -> str:
    """Voice first: a spoken answer has two seconds, and its numbers come from tools whatever the effort."""
    if is_voice:
        return profile.effort_voice
    return profile.effort_high_stakes if is_high_stakes else profile.effort


def newest(name: str) -> AssistantProfile | None:
    return next(iter(AssistantProfile.objects.raw(NEWEST, [name])), None)


def tools_by_profile() -> dict[str, tuple[str, ...]]:
    """The tools of each profile in force, by name."""
    rows = AssistantProfile.objects.order_by("name", "version").values_list("name", "tools")
    # Later versions overwrite earlier ones; a shipped profile is there as soon as somebody asks for it.
    return {**PROFILES, **{name: tuple(tools) for name, tools in rows}}


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
    row = AssistantProfile(
        name=name.strip(),
        version=expected_version + 1,
        instructions=instructions.replace("\r\n", "\n").strip(),
        model=model.strip(),
        effort=effort,
        effort_high_stakes=effort_high_stakes,
        effort_voice=effort_voice,
        # In the registry's order, so that the same choice is the same row however it was clicked.
        tools=[*(tool for tool in TOOLS if tool in tools), *(tool for tool in tools if tool not in TOOLS)],
        label_ids=list(dict.fromkeys(text.strip() for text in label_ids)),
        note=note.strip(),
        created_by=by,
    )
    _require_good(row)
    try:
        with transaction.atomic():
            # Every writer of a name waits for the row that its name began with.
            AssistantProfile.objects.select_for_update().filter(name=row.name, version=1).first()
            now = newest(row.name)
            _require_same(now.version if now else 0, expected_version, name=row.name)
            if now is not None and _content(now) == _content(row):
                return None
            row.save(force_insert=True)
    except IntegrityError as error:
        # Two first versions of one name: there was no row to wait for.
        raise ProfileReplaced(f"Someone else has just made a profile “{row.name}”. Nothing was saved.") from error
    logger.info("Profile saved", extra={"profile": row.name, "profile_version": row.version, "by": by})
    return row


def use_again(*, name: str, version: int, by: str, expected_version: int) -> AssistantProfile | None:
    """A new version with the contents of an old one. None when they are in force. Raises as `save_profile`, and
    ProfileMissing.
    """
    old = AssistantProfile.objects.filter(name=name, version=version).first()
    if old is None:
        raise ProfileMissing(f"The profile “{name}” has no version {version}.")
    note = f"Version {version} again."
    return save_profile(name=name, note=note, by=by, expected_version=expected_version, **_content(old))


def _content(row: AssistantProfile) -> dict[str, Any]:
    return {field: getattr(row, field) for field in CONTENT}


def why_no_label(label_id: str) -> str | None:
    """Why this is no id of a former system, as a sentence, or None."""
    if LABEL.match(label_id):
        return None
    return f"“{label_id}” is not an id that can be kept as a label. Such ids begin with {' or '.join(LABEL_PREFIXES)}."


def _require_good(row: AssistantProfile) -> None:
    """Raises BadProfile for the first field that cannot stand."""
    efforts = {field: getattr(row, field) for field in ("effort", "effort_high_stakes", "effort_voice")}
    if not NAME.match(row.name):
        raise BadProfile(
            f"“{row.name}” is no name for a profile: a name begins with a small letter and holds small letters, digits "
            "and -, at most 64.",
            field="name",
        )
    if not row.instructions:
        raise BadProfile(
            "The instructions are empty: write what the assistant is and how it answers.", field="instructions"
        )
    if not MODEL.match(row.model):
        raise BadProfile("Name one model, without spaces, for example gpt-6.1-terra.", field="model")
    for field, effort in efforts.items():
        if effort not in Effort.values:
            raise BadProfile(f"“{effort}” is no effort. It can be {', '.join(Effort.values)}.", field=field)
    for tool in row.tools:
        if tool not in TOOLS:
            raise BadProfile(f"There is no tool “{tool}”. The tools are {', '.join(TOOLS)}.", field="tools")
    for label_id in row.label_ids:
        if why := why_no_label(label_id):
            raise BadProfile(why, field="label_ids")


def _require_same(version: int, expected_version: int, *, name: str) -> None:
    if version == expected_version:
        return
    if expected_version == 0:
        raise ProfileReplaced(
            f"There is a profile “{name}” already. Nothing was saved; change that one, or take another name."
        )
    raise ProfileReplaced(
        f"The profile “{name}” has changed since you looked: it is at version {version}, you saw version "
        f"{expected_version}. Nothing was saved; look again and repeat."
    )


def _written_once(name: str) -> AssistantProfile:
    """Writes a shipped profile that a database has lost, once however many ask; others are missing."""
    AssistantProfile.objects.bulk_create([_shipped(name)], ignore_conflicts=True)
    return AssistantProfile.objects.filter(name=name).latest("version")


def _shipped(name: str) -> AssistantProfile:
    """Version 1 of a shipped profile, not saved. Raises ProfileMissing."""
    if name not in PROFILES:
        raise ProfileMissing(f"There is no assistant profile “{name}”.")
    return AssistantProfile(**profile_fields(name))
