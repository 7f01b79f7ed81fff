"""Operations at the rollout page while people are answered: stop, watch the count, cut, resume, without a reload."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.servers import Product

pytestmark = pytest.mark.e2e

PAGE = "/admin/routing/rollout/1/change/"
#: A whole answer after a cut, on a busy machine.
ANSWER_MS = 60_000
LAST_TURN = """
from apps.metrics.models import RequestLog
row = RequestLog.objects.first()
print(row.status, row.provider, row.is_fallback)
"""


@pytest.fixture(scope="module")
def slow_sandbox(start_server: Callable[..., Product]) -> Product:
    """A product whose providers take half a minute for a trade plan, by the real SDKs over real sockets."""
    found = start_server(GVSES_SANDBOX="True", SANDBOX_PACE_MS="400", TTFT_OBJECTIVE_MS="60000")
    assert found.manage("rollout", "set", "workflow=100").returncode == 0
    return found


@pytest.fixture
def operator(browser: Browser, slow_sandbox: Product) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.goto(f"{slow_sandbox.url}/admin/login/")
    page.fill("#id_username", "demo")
    page.fill("#id_password", slow_sandbox.password())
    page.click("[type=submit]")
    page.goto(slow_sandbox.url + PAGE)
    yield page
    assert faults == []
    context.close()


def ask(browser: Browser, server: Product) -> Page:
    page = browser.new_context().new_page()
    page.goto(server.url)
    page.get_by_label("Your question").fill("Plan a trade on AAPL with 10,000 dollars and 1 % risk")
    page.keyboard.press("Enter")
    # Words of the answer are there.
    expect(page.locator(".answer").last).to_contain_text(re.compile(r"\w+ \w+ \w+"), timeout=ANSWER_MS)
    return page


def test_a_stop_is_one_click_and_a_cut_takes_the_count_to_zero_without_a_reload(
    browser: Browser, operator: Page, slow_sandbox: Product
) -> None:
    person = ask(browser, slow_sandbox)
    card = operator.locator("#provider-workflow")
    note = card.locator("[data-live-note]")
    expect(note).to_contain_text("If stopped: 1 running answer may finish for 30 s", timeout=15_000)
    card.get_by_role("button", name="Stop workflow").click()
    expect(operator.locator("#provider-workflow .stopped-mark")).to_have_text("stopped")
    expect(note).to_contain_text("1 answer is still running, until")
    expect(operator.get_by_text("Say why.")).to_be_visible()
    card.get_by_role("button", name="Cut the running answers of workflow now").click()
    expect(note).to_have_text("None of its answers runs any more.", timeout=15_000)
    expect(card.get_by_role("button", name="Cut the running answers")).to_be_hidden()
    expect(person.locator(".answer").last.locator(".prose.streaming")).to_have_count(0, timeout=ANSWER_MS)
    kept = slow_sandbox.manage("shell", "--no-imports", "-c", LAST_TURN)
    # So slow a server may leave no time for the next one; then the floor answers.
    assert kept.stdout.split() in (["succeeded", "responses", "True"], ["succeeded", "analyst", "True"]), kept.stderr
    operator.get_by_label("Why was it stopped?").fill("A drill.")
    operator.get_by_role("button", name="Keep the reason").click()
    expect(operator.get_by_text("“A drill.”")).to_be_visible()
    operator.get_by_label("Why resume it?").fill("The drill is over.")
    operator.get_by_role("button", name="Resume workflow").click()
    expect(operator.locator("#provider-workflow .stopped-mark")).to_have_count(0)
    person.context.close()


def test_an_open_page_says_that_somebody_else_changed_the_rollout(operator: Page, slow_sandbox: Product) -> None:
    expect(operator.locator("[data-live-changed]")).to_be_hidden()
    assert slow_sandbox.manage("rollout", "kill", "agents_sdk", "--reason", "A drill.").returncode == 0
    expect(operator.get_by_text("The rollout has changed since you opened this page.")).to_be_visible(timeout=15_000)
    assert slow_sandbox.manage("rollout", "unkill", "agents_sdk", "--reason", "Over.").returncode == 0


def test_the_whole_page_works_without_scripts(browser: Browser, operator: Page, slow_sandbox: Product) -> None:
    context = browser.new_context(java_script_enabled=False, storage_state=operator.context.storage_state())
    page = context.new_page()
    page.goto(slow_sandbox.url + PAGE)
    page.get_by_role("link", name="Plan a schedule…").click()
    page.get_by_label("Share, %").first.fill("5")
    page.get_by_role("button", name="Keep as a draft").click()
    expect(page.get_by_text("A draft for workflow, by demo.")).to_be_visible()
    page.get_by_role("button", name="Discard the draft").click()
    expect(page.get_by_text("The schedule of workflow is over")).to_be_visible()
    page.locator("#provider-responses").get_by_role("button", name="Stop responses…").click()
    page.get_by_role("button", name="Stop responses; analyst serves instead").click()
    expect(page.locator("#provider-responses .stopped-mark")).to_have_text("stopped")
    page.get_by_label("Why resume it?").fill("A drill.")
    page.get_by_role("button", name="Resume responses").click()
    expect(page.locator("#provider-responses .stopped-mark")).to_have_count(0)
    context.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_sticks_out_sideways(operator: Page, slow_sandbox: Product, width: int) -> None:
    operator.set_viewport_size({"width": width, "height": 844})
    for path in (PAGE, "/admin/routing/rollout/schedule/"):
        operator.goto(slow_sandbox.url + path)
        assert operator.evaluate("document.documentElement.scrollWidth") <= width
