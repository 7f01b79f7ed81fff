"""The page of prices: what a change comes to is shown before it is saved; Charlie looks and changes nothing."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.providers.models import PriceOverride
from apps.providers.prices.versions import draft_of, read_overrides, save_override
from tests.providers.staff import make_staff, text_of

pytestmark = pytest.mark.django_db

LIST = "/admin/providers/priceoverride/"
ADD = f"{LIST}add/"
FIELDS: dict[str, Any] = {
    "expected_number": "0",
    "model": "gpt-4o",
    "usd_per_million_input": "2",
    "usd_per_million_cached": "0.5",
    "usd_per_million_output": "8",
    "note": "The price page of <today>.",
}


@pytest.fixture
def bob() -> Client:
    return make_staff("view_priceoverride", "add_priceoverride")


@pytest.fixture
def charlie() -> Client:
    return make_staff("view_priceoverride", name="Charlie")


def enter(**changed: Any) -> PriceOverride:
    fields = {"model": "gpt-4o", "usd_per_audio_minute": 1, "note": "First.", "by": "Alice", **changed}
    prices = {name: Decimal(price) for name, price in fields.items() if name.startswith("usd_") and price is not None}
    return save_override(draft=draft_of(**{**fields, "usd_per_audio_minute": None, **prices}))


def test_a_new_price_is_saved_with_who_and_why(bob: Client) -> None:
    page = bob.post(ADD, FIELDS, follow=True).content.decode()
    row = PriceOverride.objects.get()
    assert (row.model, float(row.usd_per_million_cached or 0), row.created_by) == ("gpt-4o", 0.5, "Bob")
    assert f"Override {row.pk} of gpt-4o is saved and counts from now." in page
    assert f"Override {row.pk}: Input 2, cached input 0.5, output 8 USD a million tokens" in page
    assert "“The price page of &lt;today&gt;.”" in page


def test_a_preview_says_what_a_usual_turn_costs_and_saves_nothing(bob: Client) -> None:
    page = bob.post(ADD, {**FIELDS, "preview": "1"}).content.decode()
    assert not PriceOverride.objects.exists()
    # 7,000 at 2.50, 5,000 cached at 1.25, 600 at 10.00; then at 2.00, 0.50 and 8.00.
    assert "0.029750 USD by genai-prices 0.2.3" in page
    assert "0.021300 USD by these prices" in page
    assert re.search(r"A minute heard</th><td>unknown</td><td>unknown", page)
    assert 'value="0.5"' in page


def test_a_preview_compares_with_the_price_in_force(bob: Client) -> None:
    row = enter(usd_per_million_input=1, usd_per_million_output=1)
    read_overrides()
    page = bob.post(f"{LIST}{row.pk}/change/", {**FIELDS, "preview": "1"}).content.decode()
    assert f"0.012600 USD by override {row.pk}" in page
    assert PriceOverride.objects.count() == 1


def test_the_next_version_starts_from_the_newest_and_the_history_keeps_all(bob: Client) -> None:
    first = enter(usd_per_million_input=1, usd_per_million_output=4)
    url = f"{LIST}{first.pk}/change/"
    assert 'value="4"' in text_of(bob, url)
    bob.post(url, {**FIELDS, "expected_number": str(first.pk), "model": "another-model"})
    newest = PriceOverride.objects.latest("id")
    # The page is about its model, whatever a form says.
    assert newest.model == "gpt-4o"
    page = text_of(bob, url)
    assert re.findall(r'<h3 id="override-(\d+)"', page) == [str(newest.pk), str(first.pk)]
    assert "version-mark" in page.split(f'id="override-{newest.pk}"')[1].split("</h3>")[0]
    assert "Input 1, output 4 USD a million tokens" in page


def test_a_price_that_begins_later_is_not_in_force(bob: Client) -> None:
    page = bob.post(ADD, {**FIELDS, "valid_from": "2100-01-01 00:00"}, follow=True).content.decode()
    assert "counts from 2100-01-01 00:00 UTC" in page
    assert "not yet in force" in page
    assert '<p class="rollout-headline">The bundled list</p>' in page


def test_the_list_shows_each_model_once_with_what_rules(bob: Client) -> None:
    enter()
    row = enter(usd_per_million_input=1, usd_per_million_output=4)
    enter(model="tts-1", usd_per_audio_minute=None, uses_list=True)
    page = text_of(bob, LIST)
    assert re.findall(r'/priceoverride/\d+/change/[^"]*">([^<]+)<', page) == ["gpt-4o", "tts-1"]
    assert f"override {row.pk}: Input 1, output 4 USD a million tokens" in page
    assert "the bundled list" in page


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"usd_per_million_output": ""}, "Input and output tokens are sold together"),
        ({"usd_per_million_input": "-1"}, "greater than or equal to 0"),
        ({"usd_per_million_input": "two"}, "Enter a number"),
        ({"usd_per_million_input": "5000"}, "less than or equal to 1000"),
        ({"valid_from": "tomorrow"}, "Write the moment as 2026-12-01 00:00, in UTC."),
        ({"note": ""}, "Say why, and where the prices are published."),
        ({"model": ""}, "Name the model as the request log does."),
        ({"uses_list": "on"}, "Leave the prices empty"),
        ({"expected_number": "-5"}, "greater than or equal to 0"),
    ],
)
def test_what_cannot_be_saved_is_said_and_kept_in_the_form(bob: Client, changed: dict[str, str], said: str) -> None:
    response = bob.post(ADD, {**FIELDS, **changed})
    assert response.status_code == 400
    assert said in response.content.decode()
    assert not PriceOverride.objects.exists()


def test_a_change_that_was_overtaken_is_decided_again(bob: Client) -> None:
    first = enter()
    overtaken = bob.post(ADD, FIELDS)
    assert overtaken.status_code == 400
    page = overtaken.content.decode()
    assert f"override {first.pk} is the newest" in page
    assert f'name="expected_number" value="{first.pk}"' in page
    bob.post(ADD, {**FIELDS, "expected_number": str(first.pk)})
    assert PriceOverride.objects.count() == 2


def test_who_may_only_look_can_change_nothing(charlie: Client) -> None:
    row = enter()
    page = text_of(charlie, f"{LIST}{row.pk}/change/")
    assert "You may look, not change." in page
    for url in (ADD, f"{LIST}{row.pk}/change/"):
        assert charlie.post(url, FIELDS).status_code == 403
        assert charlie.post(url, {**FIELDS, "preview": "1"}).status_code == 403
    assert charlie.get(ADD).status_code == 403
    assert PriceOverride.objects.count() == 1


def test_nobody_else_looks(client: Client) -> None:
    row = enter()
    assert make_staff("view_assistantprofile", name="Charlie").get(f"{LIST}{row.pk}/change/").status_code == 403
    assert client.get(LIST).status_code == 302


def test_a_price_cannot_be_deleted_or_edited_by_address(bob: Client) -> None:
    row = enter()
    assert bob.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert bob.get(f"{LIST}999999/change/").status_code == 404
    assert bob.get(f"{LIST}none/change/").status_code == 404
    assert PriceOverride.objects.get() == row
