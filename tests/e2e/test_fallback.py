"""A provider breaks off in the middle of its answer: the product, its sandbox and its fallback, seen from a browser."""

from collections.abc import Callable

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_conversation import ask, wait_until_whole
from tests.e2e.test_operations import log_in
from tests.servers import Product

pytestmark = pytest.mark.e2e
PLAN = "Where would you enter IBM and where is the stop?"


@pytest.fixture(scope="module")
def sandboxed(start_server: Callable[..., Product]) -> Product:
    return start_server(GVSES_SANDBOX="True", SANDBOX_PACE_MS="15", ANALYST_PACE_MS="300")


def test_an_answer_cut_off_on_the_way_is_replaced_by_a_whole_one(page: Page, sandboxed: Product) -> None:
    log_in(page, sandboxed)
    page.goto(sandboxed.url)
    armed = httpx2.post(
        f"{sandboxed.url}/sandbox/v1/faults", json={"fault": "cut", "after": 8, "times": 1, "provider": "responses"}
    )
    assert armed.is_success, armed.text
    ask(page, PLAN)
    expect(page.locator(".turn .restart")).to_be_visible(timeout=15_000)
    wait_until_whole(page)
    answer = page.locator(".answer").last
    expect(answer).to_have_attribute("data-status", "succeeded")
    expect(page.locator(".turn .restart")).to_have_count(0)
    expect(answer.get_by_label("For staff")).to_contain_text("2, after responses failed (cut)")
    words = answer.locator(".prose").inner_text()
    paragraphs = [line for line in words.split("\n") if line]
    assert len(paragraphs) == len(set(paragraphs)), "a part of the answer stands twice"
    page.reload()
    expect(answer.get_by_label("For staff")).to_contain_text("2, after responses failed (cut)")
    assert answer.locator(".prose").inner_text() == words


@pytest.mark.parametrize("question", [PLAN, "What's the price of AAPL?", "Compare AAPL and GOOG"])
def test_an_answer_over_the_wire_is_shown_as_the_analysts_own_and_says_that_no_model_was_asked(
    page: Page, sandboxed: Product, question: str
) -> None:
    page.goto(sandboxed.url)
    ask(page, question)
    wait_until_whole(page)
    answer = page.locator(".answer").last
    for _ in range(2):
        expect(answer.get_by_text("No model was asked")).to_be_visible()
        expect(answer.locator(".prose a.fact").first).to_be_visible()
        expect(answer.locator(".unverified")).to_have_count(0)
        expect(answer.get_by_role("heading", name="Sources")).to_be_visible()
        page.reload()


def test_a_model_that_thinks_after_its_tools_is_seen_to_be_at_work(page: Page, sandboxed: Product) -> None:
    page.goto(sandboxed.url)
    armed = httpx2.post(
        f"{sandboxed.url}/sandbox/v1/faults", json={"fault": "slow_first_token", "delay_s": 1.5, "times": 9}
    )
    assert armed.is_success, armed.text
    try:
        ask(page, "What's the price of IBM?")
        expect(page.locator(".answer .tool").first).to_be_visible(timeout=15_000)
        expect(page.locator(".answer .waiting")).to_have_text("Writing the answer")
        expect(page.locator(".answer .waiting")).to_be_visible()
        wait_until_whole(page)
        expect(page.locator(".answer .waiting")).to_have_count(0)
    finally:
        httpx2.delete(f"{sandboxed.url}/sandbox/v1/faults")


def test_an_order_is_asked_about_and_a_yes_says_that_nothing_was_placed(
    page: Page, start_server: Callable[..., Product]
) -> None:
    server = start_server(GVSES_SANDBOX="True", GVSES_FORCE_PROVIDER="workflow")
    page.goto(server.url)
    ask(page, "buy 10 IBM at 200")
    wait_until_whole(page)
    answers = page.locator(".answer")
    expect(answers.last).to_contain_text("Nothing is placed.")
    expect(page.locator(".unverified")).to_have_count(0)
    ask(page, "yes")
    expect(answers).to_have_count(2)
    wait_until_whole(page)
    expect(answers.last.locator(".prose")).to_contain_text("Nothing has been placed.")
    expect(answers.last.locator(".prose")).to_contain_text("a long plan")
