"""The sentences that operations reads say what routing does."""

import pytest

from apps.routing.choose import Standing
from apps.routing.overview import headline, overview
from apps.routing.services import kill, unkill

NO_BACKEND = "has no backend in this version"


def make_standing(*, killed: str = "", unavailable: str = "") -> Standing:
    return Standing(
        providers=("responses", "workflow", "agents_sdk", "analyst"),
        fallback_chain=("responses", "analyst"),
        unavailable=dict.fromkeys(unavailable.split(), NO_BACKEND),
        killed=frozenset(killed.split()),
    )


@pytest.mark.parametrize(
    ("standing", "shares", "forced", "sentence"),
    [
        (make_standing(), {"responses": 10_000}, None, "All new sessions are served by responses."),
        (
            make_standing(),
            {"responses": 7_500, "workflow": 2_500},
            None,
            "75 % of new sessions are served by responses, 25 % by workflow.",
        ),
        (
            make_standing(killed="workflow"),
            {"responses": 7_500, "workflow": 2_500},
            None,
            "All new sessions are served by responses.",
        ),
        (
            make_standing(unavailable="responses workflow agents_sdk"),
            {"responses": 7_500, "workflow": 2_500},
            None,
            "All new sessions are served by analyst.",
        ),
        (
            make_standing(killed="responses analyst"),
            {"responses": 7_500, "workflow": 2_500},
            None,
            "75 % of new sessions are served by nobody, 25 % by workflow.",
        ),
        (
            make_standing(killed="responses workflow analyst"),
            {"responses": 10_000},
            None,
            "Nobody can serve: people see an error at every turn.",
        ),
        (
            make_standing(killed="analyst"),
            {"responses": 10_000},
            "analyst",
            "Break-glass: GVSES_FORCE_PROVIDER names analyst, so analyst serves every turn. "
            "Shares and stops wait until it is unset.",
        ),
    ],
)
def test_the_headline_says_who_serves(
    standing: Standing, shares: dict[str, int], forced: str | None, sentence: str
) -> None:
    assert headline(standing, shares, forced=forced) == sentence


@pytest.mark.django_db
def test_a_stop_says_beforehand_what_it_will_do(only_analyst: None) -> None:
    effects = {row.name: row.stop_effect for row in overview().rows}
    assert effects["analyst"] == "Nobody else can serve: people see an error at every turn until it is resumed."
    assert (
        effects["workflow"]
        == "workflow has no backend in this version; stopped now, it stays stopped when that changes."
    )


@pytest.mark.django_db
def test_with_others_able_a_stop_names_who_takes_over(all_backends: None) -> None:
    effects = {row.name: row.stop_effect for row in overview().rows}
    assert effects["workflow"] == "From the next turn responses serves its sessions; running answers finish."
    assert effects["responses"] == "From the next turn analyst serves its sessions; running answers finish."


@pytest.mark.django_db
def test_an_outage_is_one_only_while_nobody_serves(only_analyst: None) -> None:
    assert not overview().is_outage
    kill(provider="analyst", by="bob")
    assert overview().is_outage
    unkill(provider="analyst", by="bob", reason="drill over")
    assert not overview().is_outage
