"""Settings that contradict themselves stop the start with a sentence."""

import pytest

from apps.routing.checks import check_routing_settings


@pytest.mark.parametrize(
    ("percentage", "forced", "ids"),
    [
        (0.0, "", []),
        (33.33, "analyst", []),
        (101.0, "", ["routing.E001"]),
        (-1.0, "", ["routing.E001"]),
        (0.001, "", ["routing.E001"]),
        (0.0, "gpt", ["routing.E002"]),
        (0.0, "workflow", ["routing.W001"]),
    ],
)
def test_a_contradiction_is_found_at_start(
    settings, only_analyst: None, percentage: float, forced: str, ids: list[str]
) -> None:
    settings.WORKFLOW_PERCENTAGE, settings.GVSES_FORCE_PROVIDER = percentage, forced
    assert [message.id for message in check_routing_settings()] == ids
