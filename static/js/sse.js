// Reads a text/event-stream from a fetch response. EventSource cannot post, and reconnects, which would ask twice.

/** A parser that takes text in any pieces and calls `onEvent({type, data})` for each whole event. */
export function createParser(onEvent) {
  let rest = "";
  let type = "";
  let data = [];

  function line(text) {
    if (text === "") {
      if (data.length) onEvent({ type: type || "message", data: data.join("\n") });
      type = "";
      data = [];
      return;
    }
    const colon = text.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? text : text.slice(0, colon);
    let value = colon < 0 ? "" : text.slice(colon + 1);
    if (value.startsWith(" ")) value = value.slice(1);
    if (field === "event") type = value;
    else if (field === "data") data.push(value);
  }

  return function feed(text) {
    rest += text;
    // A CR at the very end may be half of a CRLF, so it waits for the next piece.
    const whole = /\r\n|\n|\r(?!$)/g;
    let start = 0;
    for (const match of rest.matchAll(whole)) {
      line(rest.slice(start, match.index));
      start = match.index + match[0].length;
    }
    rest = rest.slice(start);
  };
}

/** The events of `response`, their data parsed as JSON, until the stream ends. */
export async function* readEvents(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let ready = [];
  const feed = createParser((event) => ready.push(JSON.parse(event.data)));
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    feed(value);
    const events = ready;
    ready = [];
    yield* events;
  }
}
