"""A signed header names a provider for an hour, by what its account may do at its use, and is nothing to a stranger."""

import logging
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.core import signing
from django.test.utils import CaptureQueriesContext

from apps.providers import registry
from apps.routing import ledger
from apps.routing.errors import OverrideRefused, UnknownProvider
from apps.routing.models import RolloutChange
from apps.routing.overrides import header as override_header
from apps.routing.overrides.header import AUDITED_REFUSALS, MAX_AGE, SALT, read_override, record_override, sign_override

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_backends")]


def make_staff(name: str = "Bob", *permissions: str) -> User:
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions or ("override",)))
    return user


def signed_ago(age: timedelta, monkeypatch: pytest.MonkeyPatch, *, user_id: int) -> str:
    """A header as it was signed that long ago."""
    stamped_now = signing.time.time
    with monkeypatch.context() as earlier:
        earlier.setattr(signing.time, "time", lambda: stamped_now() - age.total_seconds())
        return sign_override(provider="workflow", user_id=user_id)


def refusals() -> list[RolloutChange]:
    return list(RolloutChange.objects.filter(action="refused"))


def test_a_signed_header_names_the_provider_and_who_answers_for_it() -> None:
    value = sign_override(provider="workflow", user_id=make_staff().pk)
    read = read_override(value)
    assert (read.provider, read.by) == ("workflow", "Bob")
    assert not refusals()


def test_a_header_is_plain_text_that_fits_into_one_line() -> None:
    value = sign_override(provider="agents_sdk", user_id=make_staff().pk)
    assert value.isascii()
    assert not set(value) & set(" \r\n,;\"'")
    assert len(value) < 200


@pytest.mark.parametrize(
    "spoil",
    [
        lambda value: "",
        lambda value: "workflow",
        lambda value: value[:-1],
        lambda value: f"{value}, {value}",
        lambda value: value.replace(value[:8], "A" * 8),
        lambda value: signing.dumps({"provider": "workflow", "user_id": 1}),
        lambda value: signing.dumps("workflow", salt=SALT),
        lambda value: "\N{SNOWMAN}",
    ],
    ids=["empty", "unsigned", "cut", "twice", "tampered", "of another salt", "of another shape", "no ASCII"],
)
def test_what_this_site_did_not_sign_is_refused_and_stays_out_of_the_audit_log(
    spoil, caplog: pytest.LogCaptureFixture
) -> None:
    value = spoil(sign_override(provider="workflow", user_id=make_staff().pk))
    with caplog.at_level(logging.WARNING), pytest.raises(OverrideRefused, match="this site did not sign it"):
        read_override(value)
    assert "Override header refused" in caplog.messages
    assert not refusals()


def test_a_header_that_another_key_signed_is_refused_and_one_of_the_key_before_counts(settings) -> None:
    user_id = make_staff().pk
    ours = settings.SECRET_KEY
    value = sign_override(provider="workflow", user_id=user_id)
    settings.SECRET_KEY = "another key, which this site never had before"
    with pytest.raises(OverrideRefused, match="did not sign it"):
        read_override(value)
    settings.SECRET_KEY_FALLBACKS = [ours]
    assert read_override(value).provider == "workflow"


def test_a_header_holds_for_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    user_id = make_staff().pk
    young = signed_ago(MAX_AGE - timedelta(minutes=1), monkeypatch, user_id=user_id)
    assert read_override(young).provider == "workflow"
    old = signed_ago(MAX_AGE + timedelta(minutes=1), monkeypatch, user_id=user_id)
    with pytest.raises(OverrideRefused, match="it is older than 1 hour"):
        read_override(old)
    (entry,) = refusals()
    assert (entry.by, entry.provider) == ("Bob", "workflow")
    assert entry.summary == "override header for workflow: it is older than 1 hour"


@pytest.mark.parametrize(
    ("becomes", "why"),
    [
        ({"is_active": False}, "is switched off"),
        ({"is_staff": False}, "is not staff"),
    ],
)
def test_a_header_counts_by_what_its_account_may_do_now(becomes: dict[str, bool], why: str) -> None:
    charlie = make_staff("Charlie")
    value = sign_override(provider="workflow", user_id=charlie.pk)
    User.objects.filter(pk=charlie.pk).update(**becomes)
    with pytest.raises(OverrideRefused, match=f"the account that signed it {why}"):
        read_override(value)
    (entry,) = refusals()
    assert (entry.by, entry.what) == ("Charlie", f"override header for workflow: the account that signed it {why}")
    assert ledger.verify() == []


def test_charlie_who_lost_the_permission_is_refused_and_in_the_audit_log() -> None:
    charlie = make_staff("Charlie")
    value = sign_override(provider="workflow", user_id=charlie.pk)
    charlie.user_permissions.set(Permission.objects.filter(codename="kill"))
    with pytest.raises(OverrideRefused, match="the account that signed it may not choose providers"):
        read_override(value)
    assert [entry.by for entry in refusals()] == ["Charlie"]


def test_a_header_of_an_account_that_is_gone_is_refused() -> None:
    charlie = make_staff("Charlie")
    value = sign_override(provider="workflow", user_id=charlie.pk)
    user_id = charlie.pk
    charlie.delete()
    with pytest.raises(OverrideRefused, match="the account that signed it is gone"):
        read_override(value)
    assert [entry.by for entry in refusals()] == [f"user {user_id}"]


def test_a_header_for_a_provider_that_is_no_more_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    value = sign_override(provider="workflow", user_id=make_staff().pk)
    monkeypatch.delitem(registry.PROVIDERS, "workflow")
    with pytest.raises(OverrideRefused, match="there is no provider “workflow”"):
        read_override(value)
    assert len(refusals()) == 1


def test_an_old_header_cannot_fill_the_audit_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    value = signed_ago(2 * MAX_AGE, monkeypatch, user_id=make_staff().pk)
    n_tries = AUDITED_REFUSALS.count + 3
    for _ in range(n_tries):
        with pytest.raises(OverrideRefused):
            read_override(value)
    assert len(refusals()) == AUDITED_REFUSALS.count
    assert caplog.messages.count("Override header refused") == n_tries


def test_a_stranger_s_junk_costs_no_query(django_assert_num_queries: type[CaptureQueriesContext]) -> None:
    with django_assert_num_queries(0), pytest.raises(OverrideRefused):
        read_override("workflow:1:2")


def test_no_log_line_and_no_entry_has_the_value(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        value = signed_ago(2 * MAX_AGE, monkeypatch, user_id=make_staff().pk)
        with pytest.raises(OverrideRefused) as refusal:
            read_override(value)
    said = [str(refusal.value), *(str(record.__dict__) for record in caplog.records)]
    said += [str(entry.__dict__) for entry in RolloutChange.objects.all()]
    parts = {value, *(part for part in value.split(":") if len(part) > 8)}
    assert not [part for part in parts for line in said if part in line]


@pytest.mark.parametrize(
    ("becomes", "why"), [({"is_active": False}, "is switched off"), ({"is_staff": False}, "is not staff")]
)
def test_nobody_signs_what_would_be_refused(becomes: dict[str, bool], why: str) -> None:
    charlie = make_staff("Charlie")
    User.objects.filter(pk=charlie.pk).update(**becomes)
    with pytest.raises(OverrideRefused, match=f"The account Charlie {why}"):
        sign_override(provider="workflow", user_id=charlie.pk)


def test_charlie_without_the_permission_signs_nothing() -> None:
    with pytest.raises(OverrideRefused, match="The account Charlie may not choose providers"):
        sign_override(provider="workflow", user_id=make_staff("Charlie", "kill").pk)


def test_no_header_is_signed_for_a_provider_that_cannot_serve(only_analyst: None) -> None:
    bob = make_staff()
    with pytest.raises(UnknownProvider, match="There is no provider “gpt”"):
        sign_override(provider="gpt", user_id=bob.pk)
    with pytest.raises(OverrideRefused, match="workflow has no backend in this version, so it cannot be asked for"):
        sign_override(provider="workflow", user_id=bob.pk)


@pytest.mark.parametrize(
    ("served_by", "what"),
    [
        ("workflow", "turn of session {} sent to workflow"),
        ("responses", "turn of session {} asked for workflow; responses serves"),
        ("", "turn of session {} asked for workflow; nobody serves"),
    ],
)
def test_an_entry_says_where_the_turn_went(served_by: str, what: str) -> None:
    session_id = uuid4()
    entry = record_override(session_id=session_id, provider="workflow", served_by=served_by, by="Bob")
    assert (entry.action, entry.by, entry.provider) == ("overridden", "Bob", "workflow")
    assert entry.summary == what.format(session_id)
    assert ledger.verify() == []


def test_the_header_is_the_documented_one() -> None:
    assert override_header.HEADER == "X-Gvses-Provider"
