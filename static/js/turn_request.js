// Sends one question and reads its events; turns every way it can be refused into a sentence.

import { readEvents } from "./sse.js";

const SENTENCES = {
  400: "The question could not be read. Change it and send it again.",
  403: "This page is out of date. Reload it and send the question again.",
  404: "This conversation is not there any more. Start a new one.",
  409: "The last question is still being answered. Wait for it, or stop it.",
  429: "That was too many questions in a short time. Wait a minute and send it again.",
};

/** The server would not take the question. `message` is for the person. */
export class Refused extends Error {}

/** The events of one turn. Throws Refused before the first, or whatever the network throws. */
export async function* askTurn({ url, token, message, signal }) {
  let response;
  try {
    response = await fetch(url, {
      method: "POST",
      body: new URLSearchParams({ csrfmiddlewaretoken: token, message }),
      headers: { Accept: "text/event-stream, application/json" },
      signal,
    });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Refused("The server cannot be reached. Check the connection and send the question again.");
  }
  const type = response.headers.get("Content-Type") ?? "";
  if (!response.ok || !type.startsWith("text/event-stream")) throw new Refused(await reason(response, type));
  yield* readEvents(response);
}

async function reason(response, type) {
  if (response.redirected) return "You are logged out. Log in again, then send the question.";
  if (type.startsWith("application/json")) {
    try {
      const { error } = await response.json();
      if (error?.message) return error.message;
    } catch {
      // The body broke off: the sentence for the status is still right.
    }
  }
  return SENTENCES[response.status] ?? "The server failed. Send the question again in a moment.";
}
