"""The locks hold what the lists name, with hashes."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CUSTOMER = ("django", "channels", "daphne", "openai", "django-environ", "sentry-sdk", "langfuse", "pytest-django")


def named(file: str) -> set[str]:
    return set(re.findall(r"^([a-z][a-z0-9-]*)", (ROOT / file).read_text(), re.MULTILINE))


def test_the_customers_eight_packages_are_named() -> None:
    assert set(CUSTOMER) <= named("requirements.in")


@pytest.mark.parametrize(
    "name", ["requirements", "requirements-dev", "requirements-parquet", "requirements-prometheus"]
)
def test_each_named_package_is_pinned_with_hashes(name: str) -> None:
    pins = re.findall(
        r"^([a-z0-9-]+)==\S+(.*?)(?=^\S|\Z)", (ROOT / f"{name}.txt").read_text(), re.MULTILINE | re.DOTALL
    )
    hashed = {package for package, rest in pins if "--hash=sha256:" in rest}
    assert {package for package, _ in pins} == hashed
    assert named(f"{name}.in") <= {re.sub(r"\[.*", "", package) for package in hashed}
