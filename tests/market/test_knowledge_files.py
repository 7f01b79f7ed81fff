"""Our own writing keeps its form: each section answers one question by itself, and promises nothing."""

import re

import pytest

from apps.market.knowledge.search import FOLDER, Section, read_sections

SECTIONS = read_sections()
PROMISES = re.compile(
    r"guarante|risk[- ]free|can(?:no|')t lose|sure thing|you should (?:buy|sell)|trained (?:under|by)|never loses", re.I
)


def name(section: Section) -> str:
    return f"{section.file}: {section.heading}"


def test_the_files_cover_the_subjects() -> None:
    assert {section.file for section in SECTIONS} == {path.name for path in FOLDER.glob("*.md")}
    assert {section.file for section in SECTIONS} >= {
        "charts.md",
        "data.md",
        "glossary.md",
        "indicators.md",
        "levels.md",
        "method.md",
        "options.md",
        "orders.md",
        "psychology.md",
        "risk.md",
        "trade-plans.md",
    }
    assert sum(section.file == "glossary.md" for section in SECTIONS) >= 50


def test_a_file_and_a_heading_name_one_section() -> None:
    assert len({name(section) for section in SECTIONS}) == len(SECTIONS)


@pytest.mark.parametrize("section", SECTIONS, ids=name)
def test_a_section_stands_alone_and_promises_nothing(section: Section) -> None:
    assert section.title
    assert section.heading
    assert 60 <= len(section.text.split()) <= 180
    assert not PROMISES.search(section.text)
    assert "<!--" not in section.text
    assert "#" not in section.text


def test_the_named_levels_are_written_as_they_are_measured() -> None:
    texts = {section.heading: section.text for section in SECTIONS if section.file == "levels.md"}
    assert all(part in texts["LTB: Load the Boat"] for part in ("200-day", "61.8 %", "15 %", "120 bars"))
    assert all(part in texts["ST: Swing Trade"] for part in ("50-day", "50 %", "15 %", "consolidation"))
    assert "twenty bars" in texts["QE: Quick Entry"]
    assert all(part in texts["Do levels predict a bounce?"] for part in ("2,299", "33.5 %", "one third"))
