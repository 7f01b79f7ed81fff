"""A profile is never edited: each change is a new version, and the newest is in force."""

from typing import Any

import pytest

from apps.market.tools.registry import TOOLS
from apps.providers.models import AssistantProfile
from apps.providers.profiles.versions import (
    BadProfile,
    ProfileMissing,
    ProfileReplaced,
    effort_for,
    profile_now,
    save_profile,
    use_again,
)

pytestmark = pytest.mark.django_db

FIELDS: dict[str, Any] = {
    "name": "main",
    "instructions": "You are brief.",
    "model": "gpt-6.1-terra",
    "effort": "medium",
    "effort_high_stakes": "high",
    "effort_voice": "low",
    "tools": ["get_quote"],
    "label_ids": [],
    "note": "Shorter answers.",
    "by": "Bob",
    "expected_version": 1,
}


def test_two_profiles_are_there_from_the_start() -> None:
    main, risk = profile_now("main"), profile_now("risk")
    assert main.tools == tuple(TOOLS)
    assert set(risk.tools) < set(TOOLS)
    assert (main.model, main.effort, main.effort_high_stakes, main.effort_voice) == (
        "gpt-6.1-terra",
        "medium",
        "high",
        "low",
    )
    assert main.cache_key == "gvses-main-v1"
    assert main.instructions != risk.instructions


def test_shipped_instructions_name_every_tool_of_the_profile() -> None:
    assert [tool for tool in profile_now("main").tools if tool not in profile_now("main").instructions] == []


def test_a_shipped_profile_that_a_database_has_lost_comes_back() -> None:
    AssistantProfile.objects.all().delete()
    assert profile_now("main").version == 1
    assert AssistantProfile.objects.count() == 1


def test_a_profile_nobody_made_is_missing() -> None:
    with pytest.raises(ProfileMissing, match="There is no assistant profile “oracle”"):
        profile_now("oracle")


@pytest.mark.parametrize(
    ("is_high_stakes", "is_voice", "effort"),
    [(False, False, "medium"), (True, False, "high"), (False, True, "low"), (True, True, "low")],
)
def test_the_effort_follows_the_stakes_and_voice_comes_first(is_high_stakes: bool, is_voice: bool, effort: str) -> None:
    assert effort_for(profile_now("main"), is_high_stakes=is_high_stakes, is_voice=is_voice) == effort


def test_a_change_is_a_new_version_and_in_force_at_once() -> None:
    before = AssistantProfile.objects.get(name="main", version=1)
    row = save_profile(**FIELDS)
    assert row is not None
    assert (row.version, row.created_by, row.note) == (2, "Bob", "Shorter answers.")
    assert profile_now("main").instructions == "You are brief."
    assert profile_now("main").cache_key == "gvses-main-v2"
    again = AssistantProfile.objects.get(name="main", version=1)
    assert (again.instructions, again.created_at) == (before.instructions, before.created_at)


def test_the_same_contents_again_make_no_version() -> None:
    save_profile(**FIELDS)
    same = {**FIELDS, "expected_version": 2, "note": "Again.", "instructions": " You are brief.\r\n"}
    assert save_profile(**same) is None
    assert profile_now("main").version == 2


def test_the_order_in_which_tools_were_chosen_makes_no_difference() -> None:
    save_profile(**{**FIELDS, "tools": ["get_quote", "get_news"]})
    assert save_profile(**{**FIELDS, "tools": ["get_news", "get_quote"], "expected_version": 2}) is None


def test_a_change_decided_on_an_older_version_is_refused() -> None:
    save_profile(**FIELDS)
    with pytest.raises(ProfileReplaced, match="it is at version 2, you saw version 1"):
        save_profile(**{**FIELDS, "instructions": "You are long."})
    assert profile_now("main").instructions == "You are brief."


def test_a_new_name_begins_at_version_one_and_is_not_taken_twice() -> None:
    new = {**FIELDS, "name": "teacher", "expected_version": 0}
    row = save_profile(**new)
    assert row is not None
    assert row.version == 1
    with pytest.raises(ProfileReplaced, match="There is a profile “teacher” already"):
        save_profile(**new)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("tools", ["get_qoute"], "There is no tool “get_qoute”. The tools are get_quote, get_bars"),
        ("label_ids", ["thread_1"], "“thread_1” is not an id that can be kept as a label. Such ids begin with asst_"),
        ("label_ids", ["asst_"], "“asst_” is not an id"),
        ("instructions", "  ", "The instructions are empty"),
        ("model", "gpt 6", "Name one model, without spaces"),
        ("model", "", "Name one model, without spaces"),
        ("effort", "huge", "“huge” is no effort. It can be none, minimal, low, medium, high, xhigh."),
        ("effort_voice", "", "“” is no effort."),
        ("name", "Main one", "“Main one” is no name for a profile"),
    ],
)
def test_a_field_that_cannot_stand_is_refused_with_a_sentence(field: str, value: Any, sentence: str) -> None:
    with pytest.raises(BadProfile) as caught:
        save_profile(**{**FIELDS, field: value})
    assert sentence in str(caught.value)
    assert caught.value.field == field
    assert AssistantProfile.objects.filter(created_by="Bob").count() == 0


def test_label_ids_of_the_three_former_kinds_are_kept() -> None:
    labels = ["asst_Abc1", "pmpt_2", "wf_3", "asst_Abc1"]
    row = save_profile(**{**FIELDS, "label_ids": labels})
    assert row is not None
    assert row.label_ids == ["asst_Abc1", "pmpt_2", "wf_3"]


def test_an_old_version_used_again_is_a_new_one_with_its_contents() -> None:
    first = profile_now("main")
    save_profile(**FIELDS)
    row = use_again(name="main", version=1, by="Alice", expected_version=2)
    assert row is not None
    assert (row.version, row.note, row.created_by) == (3, "Version 1 again.", "Alice")
    assert profile_now("main").instructions == first.instructions
    assert use_again(name="main", version=1, by="Alice", expected_version=3) is None
    with pytest.raises(ProfileMissing, match="The profile “main” has no version 9"):
        use_again(name="main", version=9, by="Alice", expected_version=3)
    with pytest.raises(ProfileReplaced):
        use_again(name="main", version=2, by="Alice", expected_version=2)
