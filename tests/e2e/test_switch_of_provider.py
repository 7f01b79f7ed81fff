"""What a person sees when one provider breaks off and another answers in its place: the real page, prepared events."""

import json
from typing import Any

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import Page, expect

from apps.chat.presenter import turn_view
from apps.providers.sidecar import Sidecar
from tests.chat.turn_examples import make_turn
from tests.servers import Product

pytestmark = pytest.mark.e2e

# Answers the question with a stream that the test writes, and leaves every other request alone.
PREPARED_STREAM = """
const real = window.fetch;
window.fetch = (url, options) => {
  if (options?.method !== "POST") return real(url, options);
  const { readable, writable } = new TransformStream();
  const writer = writable.getWriter();
  options.signal.addEventListener("abort", () => writer.abort(options.signal.reason));
  window.say = (text) => writer.write(new TextEncoder().encode(text));
  return Promise.resolve(new Response(readable, { headers: { "Content-Type": "text/event-stream" } }));
};
"""
# Keeps what a screen reader would have been told.
LISTEN = """() => {
  window.told = [];
  const announcer = document.getElementById("announcer");
  new MutationObserver(() => announcer.textContent && window.told.push(announcer.textContent))
    .observe(announcer, { childList: true, characterData: true, subtree: true });
}"""
RESTARTED = "The answer broke off. Starting it again…"
LONG = "\n\n".join(f"Paragraph {number} of an answer that breaks off." for number in range(60))
SWITCH = {"type": "meta", "attempt": 2, "provider": "responses", "failed_provider": "workflow", "failed_code": "cut"}


@pytest.fixture
def asked(page: Page, server: Product) -> Page:
    """The page, its question sent, its answer waiting for what the test says."""
    page.add_init_script(PREPARED_STREAM)
    page.goto(server.url)
    page.evaluate(LISTEN)
    page.get_by_label("Your question").fill("What's the price of AAPL?")
    page.keyboard.press("Enter")
    page.wait_for_function("window.say")
    say(page, {"type": "meta", "provider": "workflow"})
    return page


def say(page: Page, *events: dict[str, Any]) -> None:
    for event in events:
        page.evaluate("text => window.say(text)", f"event: {event['type']}\ndata: {json.dumps(event)}\n\n")


def text(content: str) -> dict[str, Any]:
    return {"type": "text", "content": content}


def tool_call(call_id: str, symbol: str) -> dict[str, Any]:
    return {"type": "tool_call", "call_id": call_id, "name": "get_quote", "arguments": {"symbol": symbol}}


def done(answer: str = "AAPL closed at 430.47.", **changes: Any) -> dict[str, Any]:
    turn = make_turn(answer=answer, sidecar=Sidecar(intent="quote", **changes))
    turn.model = "sandbox/gpt-6.1-terra"
    html = render_to_string("chat/_answer.html", {"turn": turn_view(turn, is_staff=False)})
    return {"type": "done", "html": html, "title": "AAPL price", "turn_number": 1}


def test_a_broken_off_answer_goes_away_and_the_page_says_so_until_the_whole_one_stands(asked: Page) -> None:
    answer = asked.locator(".answer").last
    say(asked, tool_call("call_1", "IBM"), text("Half of a sentence about"))
    expect(answer.get_by_text("Half of a sentence about")).to_be_visible()
    say(asked, SWITCH | {"interrupted": True})
    expect(answer.get_by_text(RESTARTED)).to_be_visible()
    expect(answer.get_by_text("Half of a sentence about")).to_have_count(0)
    expect(answer.get_by_text("Quote for IBM")).to_have_count(0)
    say(asked, tool_call("call_1", "AAPL"), text("AAPL closed"))
    expect(answer.get_by_text("Quote for AAPL")).to_be_visible()
    expect(answer.get_by_text(RESTARTED)).to_be_visible()
    say(asked, done())
    expect(answer).to_have_attribute("data-status", "succeeded")
    expect(answer.get_by_text(RESTARTED)).to_have_count(0)
    told = asked.evaluate("window.told")
    assert [words for words in told if "broke off" in words] == [RESTARTED]
    assert told[-1] == "Answer: AAPL closed at 430.47."


def test_a_switch_before_the_first_word_is_silent(asked: Page) -> None:
    answer = asked.locator(".answer").last
    say(asked, tool_call("call_1", "IBM"))
    expect(answer.get_by_text("Quote for IBM")).to_be_visible()
    say(asked, SWITCH | {"interrupted": False})
    expect(answer.get_by_text("Quote for IBM")).to_have_count(0)
    expect(answer.get_by_text("Reading the question")).to_be_visible()
    expect(answer.get_by_text(RESTARTED)).to_be_hidden()
    assert asked.evaluate("window.told") == []


def test_the_view_stays_where_it_is_and_says_what_happens_there(asked: Page) -> None:
    thread = asked.locator("#thread")
    say(asked, text(LONG))
    expect(asked.get_by_text("Paragraph 59 of an answer")).to_be_attached()
    thread.evaluate("thread => { thread.scrollTop = 700; }")
    assert thread.evaluate("thread => thread.scrollTop") == 700
    say(asked, SWITCH | {"interrupted": True})
    expect(asked.locator(".turn").get_by_text(RESTARTED)).to_be_in_viewport()
    assert thread.evaluate("thread => thread.scrollTop") == 700
    say(asked, text("AAPL closed"))
    expect(asked.get_by_test_id("streaming")).to_have_text("AAPL closed")
    assert thread.evaluate("thread => thread.scrollTop") == 700


def test_an_answer_stopped_after_a_switch_does_not_promise_another(asked: Page) -> None:
    say(asked, text("Half"), SWITCH | {"interrupted": True})
    expect(asked.locator(".turn").get_by_text(RESTARTED)).to_be_visible()
    asked.keyboard.press("Escape")
    expect(asked.locator(".notice", has_text="Stopped. What had been written stays here.")).to_be_visible()
    expect(asked.locator(".turn").get_by_text(RESTARTED)).to_have_count(0)


def test_the_waiting_line_names_the_step_until_something_is_said(asked: Page) -> None:
    waiting = asked.locator(".answer .waiting").last
    say(asked, {"type": "meta", "node": "classify", "label": "Finding out what is asked…"})
    expect(waiting).to_have_text("Finding out what is asked")
    say(asked, tool_call("call_1", "AAPL"), {"type": "meta", "node": "answer", "label": "Writing the answer"})
    expect(waiting).to_be_visible()
    expect(waiting).to_have_text("Writing the answer")
    say(asked, text("AAPL closed"), {"type": "meta", "node": "check", "label": "Checking"})
    expect(asked.get_by_test_id("streaming")).to_have_text("AAPL closed")
    expect(waiting).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_a_sandbox_answer_and_doubted_figures_are_marked_in_words(asked: Page, width: int, scheme: Any) -> None:
    asked.set_viewport_size({"width": width, "height": 844})
    asked.emulate_media(color_scheme=scheme)
    say(asked, text("AAPL closed"), done("AAPL closed at 431.50.", unverified=["431.50"]))
    answer = asked.locator(".answer").last
    expect(answer.get_by_text("Not found in the data: 431.50.")).to_be_visible()
    expect(answer.get_by_text("Sandbox", exact=True)).to_be_visible()
    expect(answer.get_by_text("No model was asked")).to_be_visible()
    assert asked.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert "Not found in the data: 431.50." in asked.evaluate("window.told").pop()
