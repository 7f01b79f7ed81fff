// The box one types in: grows with the text, says why it cannot send, and shows Send or Stop.

const NEAR_LIMIT = 0.9;
const canHover = window.matchMedia("(hover: hover)");

/** `onSend(text)` and `onStop()` are called; `lastQuestion()` is what ↑ brings back. */
export function createComposer({ onSend, onStop, lastQuestion }) {
  const form = document.getElementById("composer");
  const box = document.getElementById("message");
  const send = document.getElementById("send");
  const stop = document.getElementById("stop");
  const reason = document.getElementById("message-reason");
  const count = document.getElementById("message-count");
  const limit = Number(form.dataset.limit) || Infinity;

  // Counted as the server counts: by code points, with a line break as one.
  const length = () => [...box.value].length;

  function update() {
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight}px`;
    const used = length();
    count.hidden = used < limit * NEAR_LIMIT;
    count.textContent = `${used.toLocaleString("en")} of ${limit.toLocaleString("en")} characters`;
    count.toggleAttribute("data-over", used > limit);
  }

  function showReason(sentence) {
    reason.textContent = sentence;
    reason.hidden = !sentence;
    box.toggleAttribute("aria-invalid", Boolean(sentence));
  }

  function trySend() {
    const text = box.value.trim();
    if (!stop.hidden) return showReason("The last question is still being answered. Wait for it, or stop it.");
    if (!text) return showReason("Write a question first.");
    if (length() > limit) {
      return showReason(`A question may have ${limit.toLocaleString("en")} characters; this one has ${length().toLocaleString("en")}.`);
    }
    showReason("");
    onSend(text);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    trySend();
  });
  stop.addEventListener("click", onStop);
  box.addEventListener("input", () => {
    showReason("");
    update();
  });
  box.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      trySend();
    } else if (event.key === "ArrowUp" && !box.value && lastQuestion()) {
      event.preventDefault();
      setText(lastQuestion());
    }
  });

  function setText(text) {
    box.value = text;
    update();
    box.setSelectionRange(text.length, text.length);
  }

  return {
    form,
    setText,
    showReason,
    focus: () => box.focus(),
    get text() {
      return box.value;
    },
    get token() {
      return form.elements.csrfmiddlewaretoken.value;
    },
    /** Shows Stop or Send. Focus that stood on a button that goes moves on, to the box where no keyboard slides in. */
    setBusy(isBusy, { takeFocus = false } = {}) {
      const hadFocus = takeFocus || document.activeElement === send || document.activeElement === stop;
      send.hidden = isBusy;
      stop.hidden = !isBusy;
      if (hadFocus) (isBusy ? stop : canHover.matches ? box : send).focus();
    },
  };
}
