// Run by test_static_scripts.py. Sources are loaded as data URLs, so that no package.json is needed.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

const load = async (name) => {
  const source = await readFile(new URL(`../../static/js/${name}`, import.meta.url), "utf8");
  return import(`data:text/javascript,${encodeURIComponent(source)}`);
};
const { createParser, readEvents } = await load("sse.js");
const { runs } = await load("streaming_text.js");

function parse(...pieces) {
  const events = [];
  const feed = createParser((event) => events.push(event));
  pieces.forEach((piece) => feed(piece));
  return events;
}

const STREAM = 'event: text\ndata: {"content":"a: b\\n"}\n\n: kept alive\n\nevent: done\ndata: 1\ndata: 2\n\n';
const EVENTS = [
  { type: "text", data: '{"content":"a: b\\n"}' },
  { type: "done", data: "1\n2" },
];

test("events are found whole", () => assert.deepEqual(parse(STREAM), EVENTS));

test("a stream cut anywhere gives the same events, with any line ending", () => {
  for (const ending of ["\n", "\r\n", "\r"]) {
    // After a lone CR the parser waits for what follows, so the stream ends with a comment.
    const stream = STREAM.replaceAll("\n", ending) + `: end${ending}`;
    for (let cut = 0; cut <= stream.length; cut += 1) {
      assert.deepEqual(parse(stream.slice(0, cut), stream.slice(cut)), EVENTS, `${JSON.stringify(ending)} at ${cut}`);
    }
    assert.deepEqual(parse(...stream), EVENTS);
  }
});

test("an event that was not ended is not an event", () => assert.deepEqual(parse("event: done\ndata: 1\n"), []));

test("only one space after the colon belongs to the field", () => {
  assert.deepEqual(parse("data:  x\n\n", "data:y\n\n"), [
    { type: "message", data: " x" },
    { type: "message", data: "y" },
  ]);
});

test("a response is read as JSON, even where a character is cut in two", async () => {
  const bytes = new TextEncoder().encode('data: {"type":"text","content":"“▲”"}\n\n');
  const body = new ReadableStream({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  const events = [];
  for await (const event of readEvents(new Response(body))) events.push(event);
  assert.deepEqual(events, [{ type: "text", content: "“▲”" }]);
});

test("text on its way shows bold type, bullets and headings without their marks", () => {
  assert.deepEqual(runs("## Plan\n- **Stop** 409.80\n"), [
    { text: "Plan\n• ", bold: false },
    { text: "Stop", bold: true },
    { text: " 409.80\n", bold: false },
  ]);
});

test("a mark that is still open holds to the end, half a mark is not shown", () => {
  assert.deepEqual(runs("a **b"), [
    { text: "a ", bold: false },
    { text: "b", bold: true },
  ]);
  assert.deepEqual(runs("a *"), [{ text: "a ", bold: false }]);
});
