"""What the documents point at is there."""

import re
from pathlib import Path

import pytest

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
