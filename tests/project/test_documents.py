"""What the documents point at is there."""

import re
from pathlib import Path

import pytest

from apps.routing.choose import Reason
from apps.routing.errors import NoProvider

ROOT = Path(__file__).parents[2]
DOCUMENTS = ("README.md", "docs/architecture.md")
TOP = {path.name for path in ROOT.iterdir() if path.is_dir()}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_and_path_of_a_document_leads_somewhere(name: str) -> None:
    text = (ROOT / name).read_text()
    links = [(ROOT / name).parent / link for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", text)]
    paths = [ROOT / path for path in re.findall(r"`([\w.-]+/[\w./-]*)", text) if path.split("/")[0] in TOP]
    assert links
    assert paths
    assert [str(path) for path in (*links, *paths) if not path.exists()] == []


def test_analysts_are_told_every_reason_that_a_row_can_have() -> None:
    (line,) = [
        line for line in (ROOT / "docs/analysts.md").read_text().splitlines() if line.startswith("| `route_reason`")
    ]
    assert set(re.findall(r"`(\w+)`", line.split("|")[2])) == {*Reason.values, NoProvider.code}
