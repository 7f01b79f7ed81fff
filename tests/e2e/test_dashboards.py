"""Staff at the dashboards in a browser: tiles are read, a filter is changed, a point leads to its rows."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.servers import Product

pytestmark = pytest.mark.e2e

NAMES = ("ab", "tools", "voice", "trading")
#: Of so short a history only counts can be drawn.
COUNTS = {"ab": "turns", "tools": "calls", "voice": "utterances", "trading": "turns"}
FILL = """
from tests.metrics.dashboards.history import make_history
make_history(150)
"""


@pytest.fixture(scope="module")
def filled(start_server: Callable[..., Product]) -> Product:
    """A product with a history of some days, whose figures are built."""
    found = start_server(GVSES_WATCH="False")
    done = found.manage("shell", "--no-imports", "-c", FILL)
    assert done.returncode == 0, done.stderr
    return found


@pytest.fixture
def analyst(browser: Browser, filled: Product) -> Iterator[Page]:
    """Staff signed in; whatever a page's policy or script complains of fails the test."""
    context = browser.new_context()
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type in ("error", "warning") else None)
    page.goto(f"{filled.url}/accounts/login/?next=/dashboards/")
    page.fill("#id_username", "demo")
    page.fill("#id_password", filled.password())
    page.click("main [type=submit]")
    yield page
    assert faults == []
    context.close()


def is_painted(page: Page) -> bool:
    """Whether anything but the empty canvas is on the picture."""
    return bool(
        page.evaluate(
            """() => {
              const canvas = document.querySelector(".picture canvas");
              const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
              return data.some((value) => value !== 0);
            }"""
        )
    )


def test_each_dashboard_opens_with_its_tiles_its_picture_and_its_tables(analyst: Page, filled: Product) -> None:
    expect(analyst.get_by_role("heading", name="Overview")).to_be_visible()
    expect(analyst.get_by_test_id("tile")).to_have_count(16)
    for name, picture in COUNTS.items():
        analyst.goto(f"{filled.url}/dashboards/{name}/?picture={picture}")
        expect(analyst.get_by_test_id("tile")).to_have_count(6)
        for tile in analyst.get_by_test_id("tile").all():
            expect(tile).to_contain_text(re.compile(r"\d+ (turn|call|run|utterance|session|answer)s?|No \w+s"))
        expect(analyst.locator(".picture[data-drawn]")).to_be_visible()
        assert is_painted(analyst)
        expect(analyst.locator("table[data-table]").last).to_be_visible()
        expect(analyst.get_by_test_id("freshness")).to_have_text(re.compile(r"^Figures to \d\d:\d\d:\d\d UTC\.$"))


def test_a_filter_is_chosen_by_keyboard_and_kept_in_the_address(analyst: Page, filled: Product) -> None:
    analyst.goto(f"{filled.url}/dashboards/ab/")
    before = analyst.get_by_test_id("n").inner_text()
    analyst.get_by_label("Channel").focus()
    analyst.keyboard.press("v")
    for _ in range(20):
        analyst.keyboard.press("Tab")
        if analyst.evaluate("document.activeElement.textContent") == "Show":
            break
    analyst.keyboard.press("Enter")
    expect(analyst).to_have_url(re.compile("channel=voice"))
    expect(analyst.get_by_label("Channel")).to_have_value("voice")
    assert analyst.get_by_test_id("n").inner_text() != before
    # The choice goes along to the other dashboards.
    analyst.get_by_role("link", name="Tools", exact=True).click()
    expect(analyst).to_have_url(re.compile(r"/dashboards/tools/\?.*channel=voice"))
    analyst.get_by_role("link", name="30 days").click()
    expect(analyst).to_have_url(re.compile(r"period=30d"))
    expect(analyst.get_by_label("Channel")).to_have_value("voice")


def test_what_is_ignored_is_said_on_the_page(analyst: Page, filled: Product) -> None:
    names = "&".join(f"provider=nobody-{i}" for i in range(2000))
    analyst.goto(f"{filled.url}/dashboards/ab/?period=banana&{names}")
    expect(analyst.get_by_text("Ignored: period “banana”, which is no period of this page.")).to_be_visible()
    expect(analyst.get_by_text("Ignored: 1,998 more values.")).to_be_visible()
    expect(analyst.get_by_test_id("tile")).to_have_count(6)


def test_a_point_of_the_picture_leads_to_its_rows_and_a_row_to_its_conversation(analyst: Page, filled: Product) -> None:
    analyst.goto(f"{filled.url}/dashboards/trading/")
    canvas = analyst.locator(".picture canvas")
    box = canvas.bounding_box()
    assert box is not None
    # The bars of the middle day, just above the axis.
    canvas.click(position={"x": box["width"] / 2, "y": box["height"] - 60})
    expect(analyst).to_have_url(re.compile(r"/admin/metrics/requestlog/\?created_at__gte="))
    analyst.locator("#result_list tbody th a").first.click()
    analyst.get_by_role("link", name="Conversation").click()
    expect(analyst.get_by_test_id("turn").first).to_be_visible()


def test_a_csv_is_offered_beside_its_table(analyst: Page, filled: Product) -> None:
    analyst.goto(f"{filled.url}/dashboards/ab/")
    with analyst.expect_download() as download:
        analyst.get_by_role("link", name="CSV of Waiting").click()
    assert re.fullmatch(r"gvses-ab-waiting-\d{4}-\d\d-\d\d-to-\d{4}-\d\d-\d\d\.csv", download.value.suggested_filename)


def test_the_whole_page_is_there_without_scripts(browser: Browser, analyst: Page, filled: Product) -> None:
    context = browser.new_context(java_script_enabled=False, storage_state=analyst.context.storage_state())
    page = context.new_page()
    page.goto(f"{filled.url}/dashboards/ab/?picture=turns")
    expect(page.locator(".sparkline").first).to_be_visible()
    expect(page.locator(".picture noscript p")).to_have_text(re.compile("the table below has every point"))
    page.locator("details.points summary").click()
    expect(page.locator('[data-table="over_time"]')).to_be_visible()
    page.get_by_label("Picture").select_option("latency_p50")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", name="Latency p50 by assigned provider")).to_be_visible()
    context.close()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out_sideways(analyst: Page, filled: Product, width: int, scheme: str) -> None:
    analyst.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    analyst.set_viewport_size({"width": width, "height": 844})
    for path in ("/dashboards/", *(f"/dashboards/{name}/?period=48h" for name in NAMES)):
        analyst.goto(filled.url + path)
        assert analyst.evaluate("document.documentElement.scrollWidth") <= width
