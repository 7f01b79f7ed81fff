"""A site for the public is told that it serves the sandbox."""

import pytest
from django.conf import LazySettings
from django.core.checks import WARNING, run_checks


@pytest.mark.parametrize(
    ("debug", "sandbox", "ids"), [(False, True, ["sandbox.W001"]), (True, True, []), (False, False, [])]
)
def test_a_sandbox_in_production_is_a_warning(
    settings: LazySettings, debug: bool, sandbox: bool, ids: list[str]
) -> None:
    settings.DEBUG, settings.GVSES_SANDBOX = debug, sandbox
    found = run_checks(tags=["sandbox"])
    assert [message.id for message in found] == ids
    assert all(message.level == WARNING and "GVSES_SANDBOX=False" in (message.hint or "") for message in found)
