"""A person in a browser: asks, watches the answer come, stops it, reloads, comes back, uses the keyboard alone."""

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.servers import Product

pytestmark = pytest.mark.e2e
QUESTIONS = (
    ("What's the price of AAPL?", "430.47"),
    ("Show me the MSFT chart", "MSFT"),
    ("Where would you enter IBM and where is the stop?", "stop"),
    ("Compare AAPL and GOOG", "GOOG"),
    ("What's your philosophy?", "method"),
)

# Notes the length of the text under way whenever the page changes.
WATCH_LENGTHS = """() => {
  window.lengths = [];
  new MutationObserver(() => {
    const streaming = document.querySelector("[data-testid=streaming]");
    if (streaming?.textContent) window.lengths.push(streaming.textContent.length);
  }).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""


@pytest.fixture
def watched(context: BrowserContext) -> list[str]:
    """What the browser complained about: console errors, refused policies, failed scripts."""
    complaints: list[str] = []
    context.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    return complaints


@pytest.fixture
def desk(page: Page, server: Product, watched: list[str]) -> Page:
    page.goto(server.url)
    return page


@pytest.fixture
def slow_desk(page: Page, slow_server: Product) -> Page:
    page.goto(slow_server.url)
    return page


def ask(page: Page, question: str) -> None:
    page.get_by_label("Your question").fill(question)
    page.keyboard.press("Enter")


def last_answer(page: Page):
    return page.locator(".answer").last


def wait_until_whole(page: Page) -> None:
    expect(page.get_by_role("button", name="Send")).to_be_visible(timeout=15_000)
    expect(last_answer(page)).not_to_have_attribute("data-status", "running")


@pytest.mark.parametrize(("question", "words"), QUESTIONS)
def test_each_of_the_first_questions_is_answered_with_its_source(desk, watched, question, words) -> None:
    ask(desk, question)
    wait_until_whole(desk)
    answer = last_answer(desk)
    expect(answer).to_have_attribute("data-status", "succeeded")
    expect(answer).to_contain_text(re.compile(re.escape(words), re.IGNORECASE))
    expect(answer.get_by_role("heading", name="Sources")).to_be_visible()
    expect(answer.get_by_role("list", name="Data used")).to_be_visible()
    assert watched == []


def test_the_answer_is_seen_while_it_is_written(slow_desk) -> None:
    slow_desk.evaluate(WATCH_LENGTHS)
    ask(slow_desk, "Where would you enter IBM and where is the stop?")
    wait_until_whole(slow_desk)
    lengths = slow_desk.evaluate("window.lengths")
    assert len(set(lengths)) >= 3, f"the text came in steps of {lengths}"
    assert lengths == sorted(lengths), "text that was shown was taken back"


def test_an_answer_is_stopped_with_escape_and_stays_stopped_after_a_reload(slow_desk) -> None:
    ask(slow_desk, "Where would you enter IBM and where is the stop?")
    expect(slow_desk.get_by_test_id("streaming")).to_contain_text("IBM")
    slow_desk.keyboard.press("Escape")
    expect(slow_desk.locator(".notice", has_text="Stopped. What had been written stays here.")).to_be_visible()
    slow_desk.reload()
    expect(slow_desk.locator(".notice", has_text="Stopped. What had been written stays here.")).to_be_visible()
    ask(slow_desk, "What's the price of AAPL?")
    wait_until_whole(slow_desk)
    expect(last_answer(slow_desk)).to_contain_text("430.47")


def test_a_second_tab_shows_a_running_answer_once_it_is_finished(slow_desk, context) -> None:
    ask(slow_desk, "Where would you enter IBM and where is the stop?")
    expect(slow_desk.get_by_test_id("streaming")).to_contain_text("IBM")
    second = context.new_page()
    second.goto(slow_desk.url)
    expect(second.get_by_text("This answer is still being written.")).to_be_visible()
    wait_until_whole(slow_desk)
    expect(last_answer(second)).to_have_attribute("data-status", "succeeded", timeout=15_000)
    assert last_answer(second).locator(".prose").inner_text() == last_answer(slow_desk).locator(".prose").inner_text()
    expect(second.get_by_role("heading", level=1)).to_have_text(slow_desk.get_by_role("heading", level=1).inner_text())
    expect(second.get_by_test_id("chart").locator("canvas").first).to_be_visible()


def test_a_server_that_dies_mid_answer_is_said_with_what_to_do_next(page, start_server) -> None:
    server = start_server(ANALYST_PACE_MS="1500")
    page.goto(server.url)
    ask(page, "Where would you enter IBM and where is the stop?")
    expect(page.get_by_test_id("streaming")).to_contain_text("IBM")
    server.process.kill()
    server.process.wait(timeout=10)
    notice = page.locator("[data-notice=lost]")
    expect(notice).to_contain_text("The connection was lost before the answer was whole.")
    expect(notice.get_by_role("link", name="Load the answer")).to_have_attribute("href", re.compile("^/chat/"))
    expect(notice.get_by_role("button", name="Ask again")).to_be_visible()


def test_a_chart_is_drawn_and_can_be_read_as_a_table(desk, watched) -> None:
    ask(desk, "Show me the MSFT chart")
    wait_until_whole(desk)
    chart = desk.get_by_test_id("chart")
    expect(chart.locator("canvas").first).to_be_visible()
    chart.get_by_text("Figures as text").click()
    expect(chart.get_by_role("table").last).to_contain_text("2013")
    assert watched == []


def test_a_chart_with_panes_holds_no_link_inside_its_picture_and_a_real_minus(desk) -> None:
    ask(desk, "Show me the AAPL chart with RSI and MACD")
    wait_until_whole(desk)
    chart = desk.get_by_test_id("chart")
    expect(chart.locator(".canvas[data-panes='2'] canvas").first).to_be_visible()
    expect(chart.get_by_role("link", name="Charting by TradingView")).to_have_attribute(
        "href", "https://www.tradingview.com/"
    )
    expect(chart.locator(".canvas a:not([hidden])")).to_have_count(0)
    expect(chart.locator(".legend")).to_contain_text(re.compile(r"MACD −\d"))


def test_a_stopped_answer_is_announced(slow_desk) -> None:
    ask(slow_desk, "Where would you enter IBM and where is the stop?")
    expect(slow_desk.get_by_test_id("streaming")).to_contain_text("IBM")
    slow_desk.keyboard.press("Escape")
    expect(slow_desk.get_by_role("status")).to_have_text("Stopped.")


@pytest.mark.parametrize("width", [1440, 390])
def test_the_new_question_stays_near_the_top_while_its_answer_grows_and_settles(browser, server, width) -> None:
    context = browser.new_context(viewport={"width": width, "height": 844})
    page = context.new_page()
    page.goto(server.url)
    for question in ("Show me the MSFT chart", "Where would you enter IBM and where is the stop?"):
        ask(page, question)
        wait_until_whole(page)
    thread_top = page.locator("#thread").bounding_box()["y"]
    question_top = page.locator(".question-text").last.bounding_box()["y"]
    assert 0 <= question_top - thread_top <= 96
    context.close()


def test_a_number_leads_to_the_tool_call_it_comes_from(desk) -> None:
    ask(desk, "What's the price of AAPL?")
    wait_until_whole(desk)
    last_answer(desk).get_by_role("link", name="430.47").first.click()
    expect(last_answer(desk).locator("details[open] pre").last).to_contain_text("430.47")


def test_many_tool_lines_stand_behind_one_that_a_number_opens(desk) -> None:
    ask(desk, "Where would you enter IBM and where is the stop?")
    wait_until_whole(desk)
    answer = last_answer(desk)
    expect(answer.get_by_text(re.compile(r"^5 tools · "))).to_be_visible()
    expect(answer.get_by_text("Levels for IBM")).to_be_hidden()
    answer.locator(".prose").get_by_role("link").first.click()
    expect(answer.locator(".tools-all[open] .tool details[open] pre").last).to_be_visible()


def test_a_conversation_is_found_again_renamed_and_deleted(desk, server) -> None:
    ask(desk, "What's the price of AAPL?")
    wait_until_whole(desk)
    expect(desk).to_have_url(re.compile(r"/chat/[0-9a-f-]{36}/$"))
    expect(desk).to_have_title("AAPL price · G'sves")
    listed = desk.get_by_role("navigation", name="Conversations")
    listed.get_by_role("link", name="New conversation").click()
    expect(desk.get_by_text("Ask about a stock.")).to_be_visible()
    listed.get_by_role("link", name="AAPL price").first.click()
    expect(last_answer(desk)).to_contain_text("430.47")
    listed.locator("summary", has=desk.locator("svg")).first.click()
    listed.get_by_label("Title").first.fill("Morning look")
    listed.get_by_role("button", name="Rename").first.click()
    expect(desk).to_have_title("Morning look · G'sves")
    listed.locator("summary", has=desk.locator("svg")).first.click()
    listed.get_by_role("button", name="Delete conversation").first.click()
    expect(listed.get_by_role("link", name="Morning look")).to_have_count(0)


def test_everything_works_with_the_keyboard_alone(desk) -> None:
    for _ in range(40):
        desk.keyboard.press("Tab")
        if desk.evaluate("document.activeElement.id") == "message":
            break
    else:
        pytest.fail("Tab never reached the question box")
    desk.keyboard.type("First line")
    desk.keyboard.press("Shift+Enter")
    desk.keyboard.type("What's the price of AAPL?")
    desk.keyboard.press("Enter")
    wait_until_whole(desk)
    expect(desk.locator(".question-text").last).to_have_text(re.compile(r"First line\s+What's the price of AAPL\?"))
    desk.get_by_label("Your question").focus()
    desk.keyboard.press("ArrowUp")
    expect(desk.get_by_label("Your question")).to_have_value("First line\nWhat's the price of AAPL?")


def test_an_empty_message_says_why_beside_the_box_and_sends_nothing(desk) -> None:
    desk.get_by_role("button", name="Send").click()
    expect(desk.get_by_role("alert").first).to_contain_text("question")
    expect(desk.locator(".turn")).to_have_count(0)


def test_a_message_over_the_limit_keeps_its_text_and_says_why(desk) -> None:
    desk.get_by_label("Your question").fill("x" * 8001)
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("alert").first).to_contain_text("8,0")
    assert len(desk.get_by_label("Your question").input_value()) == 8001
    expect(desk.locator(".turn")).to_have_count(0)


def test_too_many_questions_say_when_to_ask_again_and_keep_the_text(page, start_server) -> None:
    page.goto(start_server(TURNS_PER_PERSON="1/60").url)
    ask(page, "What's the price of AAPL?")
    wait_until_whole(page)
    ask(page, "And GOOG?")
    expect(page.get_by_role("alert").first).to_contain_text(re.compile(r"Ask again in \d+"))
    expect(page.get_by_label("Your question")).to_have_value("And GOOG?")


def test_script_in_a_question_is_shown_as_text(desk, watched) -> None:
    ask(desk, "<img src=x onerror=alert(1)> **AAPL** <script>alert(2)</script>")
    wait_until_whole(desk)
    expect(desk.locator(".question-text").last).to_contain_text("<img src=x onerror=alert(1)>")
    expect(desk.locator(".turn img, .turn script:not([type='application/json'])")).to_have_count(0)
    assert watched == []


def test_a_suggestion_is_asked_by_a_click(desk) -> None:
    ask(desk, "What's the price of AAPL?")
    wait_until_whole(desk)
    suggestion = last_answer(desk).get_by_role("list", name="Ask next").get_by_role("button").first
    words = suggestion.inner_text()
    suggestion.click()
    expect(desk.locator(".question-text").last).to_have_text(words)
    wait_until_whole(desk)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_overflows_at_any_width_or_theme(browser: Browser, server: Product, width, scheme) -> None:
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)
    page = context.new_page()
    page.goto(server.url)
    for question, _ in QUESTIONS[:4]:
        ask(page, question)
        wait_until_whole(page)
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    channels = [int(part) for part in re.findall(r"\d+", background)[:3]]
    assert (sum(channels) > 382) == (scheme == "light"), background
    context.close()


def test_a_finished_answer_is_announced_once(desk) -> None:
    ask(desk, "What's the price of AAPL?")
    expect(desk.get_by_role("status")).to_contain_text("430.47")
    assert (desk.get_by_role("status").text_content() or "").count("430.47 on") <= 1
