// Markdown on its way: the marks that would otherwise flicker past become bold type, bullets and plain headings. Only text
// nodes are made, so nothing that arrives can become markup; the server's rendering replaces all of it at the end.

/** Runs of `{ text, bold }` that show `markdown` so far; an unclosed mark counts as open to the end. */
export function runs(markdown) {
  const plain = markdown.replace(/^#{1,6} +/gm, "").replace(/^(\s*)[-*] +/gm, "$1• ");
  return plain
    .replace(/\*$/, "")
    .split("**")
    .map((text, i) => ({ text, bold: i % 2 === 1 }))
    .filter((run) => run.text);
}

/** Shows text in `element` as it comes, at most once a frame. */
export function createStreamingText(element) {
  let markdown = "";
  let frame = 0;

  function show() {
    frame = 0;
    element.replaceChildren(
      ...runs(markdown).map(({ text, bold }) => {
        const node = document.createElement(bold ? "strong" : "span");
        node.textContent = text;
        return node;
      }),
    );
  }

  return {
    add(text) {
      markdown += text;
      frame ||= requestAnimationFrame(show);
    },
    /** Takes all of it away at once. */
    clear() {
      markdown = "";
      cancelAnimationFrame(frame);
      show();
    },
    /** Shows what has come so far at once. */
    settle() {
      cancelAnimationFrame(frame);
      show();
    },
  };
}
