"""Percentages as people type them become basis points, or a sentence that says what is wrong."""

import pytest

from apps.routing.errors import BadShares, UnknownProvider
from apps.routing.shares import parse_shares, percent

PROVIDERS = ("responses", "workflow", "analyst")


@pytest.mark.parametrize(
    ("texts", "shares"),
    [
        ({"responses": "100"}, (10_000, 0, 0)),
        ({"responses": "75", "workflow": "25"}, (7_500, 2_500, 0)),
        ({"responses": "99.99", "workflow": " 0.01 % "}, (9_999, 1, 0)),
        ({"responses": "66.70", "workflow": "33.3", "analyst": ""}, (6_670, 3_330, 0)),
        ({"responses": "1e2"}, (10_000, 0, 0)),
    ],
)
def test_percentages_become_basis_points(texts: dict[str, str], shares: tuple[int, ...]) -> None:
    assert tuple(parse_shares(texts, providers=PROVIDERS).values()) == shares


@pytest.mark.parametrize(
    ("texts", "provider", "words"),
    [
        ({"responses": "60", "workflow": "30"}, None, "sum to 90 %, not to 100 %: 10 % is missing"),
        ({"responses": "99.99", "workflow": "0.02"}, None, "sum to 100.01 %, not to 100 %: 0.01 % is too much"),
        ({"responses": "105", "workflow": "-5"}, "responses", "105 %; a share is at most 100 %"),
        ({"responses": "100", "workflow": "-5"}, "workflow", "-5 %; a share is at least 0 %"),
        ({"responses": "99.999", "workflow": "0.001"}, "responses", "at most two decimals"),
        ({"responses": "lots"}, "responses", "“lots”, which is not a number"),
        ({"responses": "nan"}, "responses", "not a number"),
        ({"responses": "Infinity"}, "responses", "not a number"),
    ],
)
def test_a_bad_split_is_refused_with_a_sentence(texts: dict[str, str], provider: str | None, words: str) -> None:
    with pytest.raises(BadShares) as refusal:
        parse_shares(texts, providers=PROVIDERS)
    assert words in str(refusal.value)
    assert refusal.value.provider == provider


def test_an_unknown_provider_is_refused_with_the_names_that_exist() -> None:
    with pytest.raises(UnknownProvider, match=r"no provider “gpt”. The providers are responses, workflow, analyst"):
        parse_shares({"gpt": "100"}, providers=PROVIDERS)


@pytest.mark.parametrize(("share", "text"), [(0, "0 %"), (1, "0.01 %"), (1_250, "12.5 %"), (10_000, "100 %")])
def test_a_share_reads_as_people_write_it(share: int, text: str) -> None:
    assert percent(share) == text
