"""The colours of both themes against the contrast that text needs, computed from the tokens themselves."""

import re
from pathlib import Path

import pytest
from django.conf import settings

TOKENS = Path(settings.BASE_DIR, "static/css/tokens.css").read_text()
LIGHT, DARK = TOKENS.split("@media (prefers-color-scheme: dark)")
TEXT_PAIRS = [
    *(
        (text, ground)
        for text in ("ink", "muted", "accent", "up", "down")
        for ground in ("ground", "surface", "sunken")
    ),
    ("ink", "accent-soft"),
    ("ink", "down-soft"),
    ("down", "down-soft"),
    ("warn", "surface"),
    ("warn", "warn-soft"),
    ("accent-ink", "accent"),
    # Labels of price lines are set in the surface's colour on the line's.
    *(("surface", f"series-{slot}") for slot in range(1, 6)),
]


def colours(theme: str) -> dict[str, str]:
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", LIGHT))
    return found | (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", DARK)) if theme == "dark" else {})


def luminance(colour: str) -> float:
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_computed_as_wcag_defines_it() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
def test_text_stands_out_from_its_ground(text: str, ground: str, theme: str) -> None:
    found = colours(theme)
    assert contrast(found[text], found[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["ground", "surface"])
def test_the_edges_of_fields_and_buttons_can_be_seen(ground: str, theme: str) -> None:
    found = colours(theme)
    assert contrast(found["line-strong"], found[ground]) >= 3


def test_the_dark_theme_gives_every_colour_anew() -> None:
    light, dark = (set(re.findall(r"--([\w-]+): #", part)) for part in (LIGHT, DARK))
    assert light == dark
