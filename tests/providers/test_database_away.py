"""What a provider needs of the database, while that is away: what this process used last, else what is shipped."""

from uuid import UUID

import pytest

from apps.providers.profiles import versions as profiles
from apps.providers.profiles.versions import ProfileMissing, profile_now, save_profile
from apps.providers.shipped import profile_fields
from apps.providers.workflow import provider, versions
from apps.providers.workflow.versions import add_version, make_live, set_pending, version_for_session
from tests.providers.designs import SMALL
from tests.providers.profiles.test_versions import FIELDS

pytestmark = pytest.mark.django_db
SESSION, ANOTHER = UUID(int=1), UUID(int=2)


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch):
    monkeypatch.setattr(profiles, "_last_known", profiles.LastKnown())
    monkeypatch.setattr(versions, "_last_known", versions.LastKnown())


def test_a_profile_is_the_one_used_last_and_before_that_the_shipped_one(database_away) -> None:
    with database_away():
        assert profile_now("main").instructions == profile_fields("main")["instructions"]
    save_profile(**FIELDS)
    used = profile_now("main")
    assert used.version == 2
    with database_away():
        assert profile_now("main") == used
        assert profile_now("risk").version == 1
        with pytest.raises(ProfileMissing):
            profile_now("astrologer")


def test_a_design_is_the_one_used_last_and_before_that_the_shipped_one(database_away) -> None:
    with database_away():
        assert version_for_session(SESSION).number == 1
    make_live(add_version(SMALL, "Bob", "Smaller.").number, "Bob")
    used = version_for_session(SESSION)
    assert used.number == 2
    with database_away():
        assert version_for_session(ANOTHER) == used


def test_an_approval_that_cannot_be_read_is_none(database_away) -> None:
    version_for_session(SESSION)
    set_pending(SESSION, {"node": "approve"})

    class Request:
        session_id = SESSION

    with database_away():
        version, pending = provider._begin(Request())
    assert (version.number, pending) == (1, None)
