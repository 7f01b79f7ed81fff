"""What the pages load: every file is there, nothing comes from elsewhere, and vendored files are what they say."""

import base64
import hashlib
import re
from pathlib import Path

import pytest
from django.conf import settings

from gvses.security import CONTENT_SECURITY_POLICY

ROOT = Path(settings.BASE_DIR)
STATIC, TEMPLATES = ROOT / "static", ROOT / "templates"
SCRIPTS = sorted((STATIC / "js").glob("*.js"))
STYLES = sorted((STATIC / "css").glob("*.css"))
PAGES = sorted(path for path in TEMPLATES.rglob("*.html") if "admin" not in path.parts)
LIBRARY = STATIC / "vendor" / "lightweight-charts-5.2.1.js"


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_static_file_a_template_names_is_there(page: Path) -> None:
    for name in re.findall(r"{% static '([^']+)' %}", page.read_text()):
        assert (STATIC / name).is_file(), name


@pytest.mark.parametrize("script", SCRIPTS, ids=named)
def test_every_module_a_script_imports_is_there(script: Path) -> None:
    for name in re.findall(r'from "([^"]+)"', script.read_text()):
        assert (script.parent / name).is_file(), name


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_no_template_has_inline_script_style_or_handlers(page: Path) -> None:
    text = page.read_text()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)


@pytest.mark.parametrize("script", SCRIPTS, ids=named)
def test_scripts_make_markup_only_from_the_servers_own_html(script: Path) -> None:
    allowed = {"thread.js": 1, "conversations.js": 1}
    text = script.read_text()
    assert len(re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment", text)) == allowed.get(
        script.name, 0
    )
    assert not re.search(r"\beval\(|new Function|document\.write", text)


@pytest.mark.parametrize("path", [*SCRIPTS, *STYLES, *PAGES], ids=named)
def test_nothing_is_loaded_from_another_host(path: Path) -> None:
    addresses = set(re.findall(r"https?://[\w./-]+", path.read_text()))
    assert addresses <= {"https://www.tradingview.com/"}, addresses


@pytest.mark.parametrize("path", [*SCRIPTS, *STYLES], ids=named)
def test_a_file_is_read_in_one_sitting(path: Path) -> None:
    assert len(path.read_text().splitlines()) < 400


@pytest.mark.parametrize("style", STYLES, ids=named)
def test_colours_are_named_once_in_the_tokens(style: Path) -> None:
    if style.name in {"tokens.css", "print.css", "admin.css"}:
        return
    text = re.sub(r"/\*.*?\*/", "", style.read_text(), flags=re.S)
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[^{]*;)|rgba?\(", text)


@pytest.mark.parametrize("style", [style for style in STYLES if style.name != "admin.css"], ids=named)
def test_every_variable_that_is_used_is_defined(style: Path) -> None:
    defined = set(re.findall(r"(--[\w-]+):", "".join(path.read_text() for path in STYLES)))
    assert set(re.findall(r"var\((--[\w-]+)", style.read_text())) <= defined


def test_vendored_files_are_what_their_list_says() -> None:
    listed = dict(re.findall(r"\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|", (STATIC / "vendor/VENDOR.md").read_text()))
    files = {path.name: path for path in (STATIC / "vendor").iterdir() if path.name != "VENDOR.md"}
    assert listed.keys() == files.keys()
    for name, path in files.items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == listed[name]


def logo_style_hash() -> str:
    """The CSP hash of the one style element that the chart library makes, for its logo."""
    (style,) = re.findall(r'createElement\("style"\),this\.\w+\.innerText="([^"]+)"', LIBRARY.read_text())
    return f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"


def test_the_policy_lets_the_charts_logo_style_pass_and_no_other() -> None:
    (styles,) = (part for part in CONTENT_SECURITY_POLICY.split("; ") if part.startswith("style-src"))
    assert styles.split()[1:] == ["'self'", logo_style_hash()]
