"""Threads with their own connections: changes that race make versions of their own or are told that they came late."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from django.db import connections

from apps.providers.models import AssistantProfile, SessionWorkflow, WorkflowVersion
from apps.providers.profiles.versions import ProfileReplaced, profile_now, save_profile
from apps.providers.workflow.versions import add_version, make_live, version_for_session
from tests.providers.designs import SMALL

T = TypeVar("T")

pytestmark = pytest.mark.django_db(transaction=True)


def race(n_threads: int, call: Callable[[int], T]) -> list[T]:
    """What each of n threads got from a call that all begin at the same moment."""
    barrier = Barrier(n_threads)

    def run(number: int) -> T:
        try:
            barrier.wait()
            return call(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(n_threads) as pool:
        return list(pool.map(run, range(n_threads)))


def edit(number: int, **changed: Any) -> str:
    """Saves one edit and gives what its author is told."""
    fields = {
        "name": "main",
        "instructions": f"Edit {number}.",
        "model": "gpt-6.1-terra",
        "effort": "medium",
        "effort_high_stakes": "high",
        "effort_voice": "low",
        "tools": [],
        "label_ids": [],
        "note": "",
        "by": "Bob",
        "expected_version": 1,
    }
    try:
        row = save_profile(**{**fields, **changed})
    except ProfileReplaced as error:
        return str(error)
    assert row is not None
    return f"version {row.version}"


def test_of_racing_edits_one_is_saved_and_the_others_are_told() -> None:
    profile_now("main")
    said = race(8, edit)
    assert said.count("version 2") == 1
    assert sum("has changed since you looked: it is at version 2, you saw version 1" in one for one in said) == 7
    assert AssistantProfile.objects.filter(name="main").count() == 2


def test_of_racing_first_versions_of_one_name_one_is_saved() -> None:
    said = race(8, lambda number: edit(number, name="teacher", expected_version=0))
    assert said.count("version 1") == 1
    assert sum("“teacher”" in one and "Nothing was saved" in one for one in said) == 7
    assert AssistantProfile.objects.filter(name="teacher").count() == 1


def test_racing_first_looks_into_an_empty_database_agree() -> None:
    AssistantProfile.objects.all().delete()
    SessionWorkflow.objects.all().delete()
    WorkflowVersion.objects.all().delete()
    assert race(8, lambda _: (profile_now("main").version, version_for_session(uuid4()).number)) == [(1, 1)] * 8
    assert AssistantProfile.objects.filter(name="main").count() == 1
    assert WorkflowVersion.objects.count() == 1


def test_racing_first_turns_of_a_session_run_one_version_even_while_another_goes_live() -> None:
    version_for_session(uuid4())
    add_version(SMALL, "Bob", "")
    session_id = uuid4()

    def turn_or_change(number: int) -> int | None:
        if number % 4 == 0:
            make_live(2 if number % 8 else 1, "Bob")
            return None
        return version_for_session(session_id).number

    seen = {number for number in race(16, turn_or_change) if number}
    assert seen == {SessionWorkflow.objects.get(pk=session_id).version.number}
    assert WorkflowVersion.objects.filter(is_live=True).count() == 1


def test_racing_additions_get_a_number_each() -> None:
    version_for_session(uuid4())
    numbers = race(6, lambda _: add_version(SMALL, "Bob", "").number)
    assert sorted(numbers) == [2, 3, 4, 5, 6, 7]
