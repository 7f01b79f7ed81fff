"""Staff read what was told and whether it arrived; nobody edits it, and Charlie does not see it."""

import pytest
from django.test import Client
from django.utils import timezone

from apps.routing.models import Notification, NotificationDelivery
from tests.routing.test_admin import make_staff, text_of

pytestmark = pytest.mark.django_db
LIST = "/admin/routing/notification/"


@pytest.fixture
def bob() -> Client:
    return make_staff("view_notification")


@pytest.fixture
def told() -> Notification:
    told = Notification.objects.create(kind="stopped", subject="workflow stopped by Bob", body="What: <it> stopped\n")
    NotificationDelivery.objects.create(notification=told, channel="email", sent_at=told.at, next_try_at=None)
    NotificationDelivery.objects.create(
        notification=told, channel="webhook", n_tries=2, error="The webhook answered 500.", next_try_at=timezone.now()
    )
    return told


def test_the_list_says_in_words_how_far_each_message_is(bob: Client, told: Notification) -> None:
    text = text_of(bob, LIST)
    assert "workflow stopped by Bob" in text
    assert (
        f"E-mail sent {told.at.day} {told.at:%b}, {told.at:%H:%M:%S} UTC; Webhook not sent in 2 tries, again " in text
    )
    assert "The webhook answered 500." in text


def test_the_number_of_queries_does_not_grow_with_the_list(bob: Client, told, django_assert_max_num_queries) -> None:
    for _ in range(30):
        row = Notification.objects.create(kind="resumed", subject="workflow resumed by Bob", body="")
        NotificationDelivery.objects.create(notification=row, channel="email")
    with django_assert_max_num_queries(12):
        text_of(bob, LIST)


def test_a_message_is_shown_as_it_was_sent_and_has_no_field_to_change(bob: Client, told: Notification) -> None:
    text = text_of(bob, f"{LIST}{told.pk}/change/")
    assert "What: &lt;it&gt; stopped" in text
    assert 'name="subject"' not in text
    assert bob.post(f"{LIST}{told.pk}/change/", {"subject": "Nothing happened"}).status_code == 403
    assert bob.post(f"{LIST}{told.pk}/delete/", {"post": "yes"}).status_code == 403


def test_charlie_does_not_see_it(told: Notification) -> None:
    charlie = make_staff("view_rollout", name="Charlie")
    assert charlie.get(LIST).status_code == 403
