// The turns: one under way, made from the page's templates, and the finished answer put in its place.

import { createStreamingText } from "./streaming_text.js";

const turns = document.getElementById("turns");
const thread = document.getElementById("thread");
const sentences = JSON.parse(document.getElementById("tool-sentences").textContent);

function fromTemplate(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

/** What a tool call does, in the words the stored line will have. */
export function toolSentence(name, args) {
  const fallback = name.replace(/^get_/, "").replaceAll("_", " ");
  const template = sentences[name] ?? "";
  const keys = [...template.matchAll(/{(\w+)}/g)].map((match) => match[1]);
  if (!template || keys.some((key) => !args?.[key]?.length)) return fallback.charAt(0).toUpperCase() + fallback.slice(1);
  return template.replace(/{(\w+)}/g, (_, key) => listed(args[key]));
}

function listed(value) {
  if (!Array.isArray(value)) return String(value);
  return value.length < 2 ? value.join("") : `${value.slice(0, -1).join(", ")} and ${value.at(-1)}`;
}

export function duration(ms) {
  if (ms < 1) return "under 1 ms";
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

export function lastQuestion() {
  return [...turns.querySelectorAll(".question-text")].at(-1)?.textContent ?? "";
}

/** Brings a turn's question to the top of the view; the answer grows below it and nothing jumps. */
export function showTurn(element) {
  thread.scrollTop += element.getBoundingClientRect().top - thread.getBoundingClientRect().top - 24;
}

/** Runs `change` and scrolls by as much as it moved the element: what is being read stays where it is. */
export function keepInPlace(element, change) {
  const before = element.getBoundingClientRect().top;
  change();
  thread.scrollTop += element.getBoundingClientRect().top - before;
}

export function showLastTurn() {
  if (turns.lastElementChild) showTurn(turns.lastElementChild);
}

/** A turn under way. Its methods follow the events of the stream. */
export function startTurn(question) {
  const element = fromTemplate("live-turn");
  element.querySelector(".question-text").textContent = question;
  const answer = element.querySelector(".answer");
  const tools = element.querySelector(".tools");
  const waiting = element.querySelector(".waiting");
  const restart = element.querySelector(".restart");
  const firstWords = waiting.textContent;
  const prose = element.querySelector(".prose");
  const streaming = createStreamingText(prose);
  const lines = new Map();
  document.getElementById("welcome")?.setAttribute("hidden", "");
  turns.append(element);
  showTurn(element);

  function settle() {
    waiting.remove();
    restart.remove();
    answer.style.minHeight = "";
    streaming.settle();
    prose.classList.remove("streaming");
    answer.removeAttribute("aria-busy");
    for (const line of tools.querySelectorAll('[data-state="running"]')) {
      line.dataset.state = "stopped";
      line.querySelector(".tool-time").textContent = "not finished";
    }
  }

  function notice(id, status) {
    settle();
    answer.dataset.status = status;
    const box = fromTemplate(id);
    const again = box.querySelector("[data-ask]");
    if (again) again.dataset.ask = question;
    answer.append(box);
    return box;
  }

  return {
    element,
    /** A reload shows it. */
    isKept: true,
    addText(content) {
      waiting.hidden = true;
      prose.hidden = false;
      streaming.add(content);
    },
    /** What is being done now, for as long as nothing has been said. */
    stepNamed(label) {
      if (!prose.hidden || !restart.hidden) return;
      waiting.textContent = label.replace(/[\s.…]+$/, "");
      waiting.hidden = false;
    },
    /**
     * Another provider answers in place of one that failed: nothing that stood here is a part of its answer. The room it
     * took is kept, so that the view stays where it is. Gives the words for it where text had been seen, else "".
     */
    startOver({ interrupted }) {
      answer.style.minHeight = `${answer.offsetHeight}px`;
      streaming.clear();
      prose.hidden = true;
      tools.replaceChildren();
      lines.clear();
      if (interrupted) restart.hidden = false;
      waiting.textContent = firstWords;
      waiting.hidden = !restart.hidden;
      return interrupted ? restart.textContent : "";
    },
    toolCalled({ call_id, name, arguments: args }) {
      const line = fromTemplate("live-tool");
      line.querySelector(".tool-sentence").textContent = toolSentence(name, args);
      tools.append(line);
      lines.set(call_id, line);
      waiting.hidden = true;
    },
    toolAnswered({ call_id, ok, latency_ms }) {
      const line = lines.get(call_id);
      if (!line) return;
      line.dataset.state = ok ? "done" : "failed";
      line.querySelector(".tool-time").textContent = `${ok ? "" : "failed · "}${duration(latency_ms)}`;
      if (!prose.hidden || tools.querySelector('[data-state="running"]')) return;
      waiting.textContent = waiting.dataset.writing;
      waiting.hidden = false;
    },
    /** The server's own rendering takes the place of what was streamed; the text stays where it is being read. */
    finish({ html, turn_number }) {
      const template = document.createElement("template");
      template.innerHTML = html;
      const before = prose.getBoundingClientRect().top;
      answer.replaceWith(template.content);
      const text = element.querySelector(".prose");
      if (text && !prose.hidden) thread.scrollTop += text.getBoundingClientRect().top - before;
      if (turn_number) element.id = `turn-${turn_number}`;
    },
    stopped() {
      notice("notice-stopped", "interrupted");
    },
    failed(message) {
      notice("notice-failed", "failed").querySelector(".notice-text").textContent = message;
    },
    lost(href) {
      notice("notice-lost", "failed").querySelector("[data-load]").href = href;
    },
    remove() {
      element.remove();
      if (!turns.children.length) document.getElementById("welcome")?.removeAttribute("hidden");
    },
  };
}
