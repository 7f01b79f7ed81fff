// The chat page: sends questions, follows their streams, and keeps thread, list, panel and address in step.

import { catchUp } from "./catch_up.js";
import { drawFigures } from "./chart.js";
import { createComposer } from "./composer.js";
import { createConversations } from "./conversations.js";
import { placeFigures } from "./panel.js";
import { keepInPlace, lastQuestion, showLastTurn, startTurn } from "./thread.js";
import { Refused, askTurn } from "./turn_request.js";

const announcer = document.getElementById("announcer");
const conversations = createConversations();
const composer = createComposer({ onSend: send, onStop: stop, lastQuestion });
const address = composer.form.dataset.conversation;
const session = address.split("/").at(-2);
let running = null;

function send(question) {
  composer.setText("");
  ask(question);
}

async function ask(question, { takeFocus = false } = {}) {
  if (running) return composer.showReason("The last question is still being answered. Wait for it, or stop it.");
  running = new AbortController();
  const { signal } = running;
  composer.showReason("");
  composer.setBusy(true, { takeFocus });
  const turn = startTurn(question);
  try {
    const isWhole = await follow(turn, askTurn({ url: composer.form.action, token: composer.token, message: question, signal }));
    if (!isWhole) lose(turn);
  } catch (error) {
    if (signal.aborted) {
      turn.stopped();
      announcer.textContent = "Stopped.";
    } else if (error instanceof Refused) refuse(turn, question, error.message);
    else lose(turn);
  }
  running = null;
  composer.setBusy(false);
  conversations.refresh(session);
}

/** Applies each event to `turn`; true when the stream came to its own end. */
async function follow(turn, events) {
  let isWhole = false;
  for await (const event of events) {
    if (event.is_recorded === false) turn.isKept = false;
    if (turn.isKept) rememberAddress();
    switch (event.type) {
      case "text":
        turn.addText(event.content);
        break;
      case "tool_call":
        turn.toolCalled(event);
        break;
      case "tool_result":
        turn.toolAnswered(event);
        break;
      case "meta":
        if (event.attempt > 1) announcer.textContent = turn.startOver(event);
        else if (typeof event.label === "string") turn.stepNamed(event.label);
        break;
      case "done":
        isWhole = true;
        finish(turn, event);
        break;
      case "error":
        isWhole = true;
        if (event.html) finish(turn, event);
        else turn.failed(event.message);
        break;
    }
  }
  return isWhole;
}

/** The stream broke off. What was never kept cannot be loaded. */
function lose(turn) {
  if (turn.isKept) turn.lost(address);
  else turn.failed("The connection was lost before the answer was whole, and it was not kept. Ask again.");
}

function finish(turn, event) {
  if (event.title) nameConversation(event.title);
  settle(turn.element, () => turn.finish(event));
}

function nameConversation(title) {
  document.title = `${title} · G'sves`;
  document.querySelector("h1").textContent = title;
}

/** Runs `change`, which puts a finished answer into the turn `element`, and brings all that depends on it into step. */
function settle(element, change) {
  keepInPlace(element, () => {
    change();
    placeFigures();
    drawFigures(document);
  });
  announce(element);
}

// The question goes back into the box, so that nothing typed is lost; the turn was never stored.
function refuse(turn, question, message) {
  turn.remove();
  composer.setText(composer.text || question);
  composer.showReason(message);
  composer.focus();
}

function announce(element) {
  const said = [...element.querySelectorAll(".prose, .unverified, .unkept, .answer .notice > p:first-child")].map((part) => part.textContent.trim());
  announcer.textContent = `Answer: ${said.join(" ")}`;
}

/** Opens a tool's line and whatever it stands behind. */
function openLine(line) {
  for (let details = line; details; details = details.parentElement.closest("details")) details.open = true;
}

function rememberAddress() {
  if (composer.form.dataset.started === "yes") return;
  composer.form.dataset.started = "yes";
  history.replaceState(null, "", address);
}

function stop() {
  running?.abort();
}

document.addEventListener("click", async (event) => {
  const asking = event.target.closest("[data-ask]");
  const copying = event.target.closest("[data-copy]");
  const number = event.target.closest('.prose a[href^="#call-"]');
  if (asking) ask(asking.dataset.ask, { takeFocus: true });
  if (number) openLine(document.getElementById(number.hash.slice(1)));
  if (copying) {
    try {
      await navigator.clipboard.writeText(copying.dataset.copy);
      copying.textContent = "Copied";
    } catch {
      copying.textContent = "Copying is not allowed here";
    }
    setTimeout(() => (copying.textContent = "Copy"), 2000);
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && running && !document.querySelector(":popover-open")) stop();
});

conversations.setCurrent(session);
placeFigures();
drawFigures(document);
if (!location.hash) showLastTurn();
catchUp({
  onFinished({ answer, finished, title }) {
    nameConversation(title);
    settle(answer.closest(".turn"), () => answer.replaceWith(finished));
    conversations.refresh(session);
  },
});
if (window.matchMedia("(hover: hover)").matches) composer.focus();
