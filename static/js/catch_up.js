// An answer that was still being written when the page loaded: another tab asked for it, or its stop is on the way into
// the database. The page asks again until it is finished, so that nobody has to reload.

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5000;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Calls `onFinished({ answer, finished, title })` once the page's running answer is finished; `finished` is what takes its place. */
export async function catchUp({ onFinished }) {
  const answer = document.querySelector('#turns .answer[data-status="running"]');
  if (!answer) return;
  for (let wait = FIRST_WAIT_MS; answer.isConnected; wait = Math.min(wait * 1.5, LONGEST_WAIT_MS)) {
    await pause(wait);
    if (document.hidden) continue;
    const { page, isGone } = await load();
    if (isGone) return;
    const finished = page?.querySelector(`.answer[data-request="${answer.dataset.request}"]:not([data-status="running"])`);
    if (!finished) continue;
    onFinished({ answer, finished: document.importNode(finished, true), title: page.querySelector("h1").textContent });
    return;
  }
}

/** The page as it is now. `isGone`: deleted, or behind a login. Neither: the next try may find the server well again. */
async function load() {
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (response.redirected || response.status === 404) return { isGone: true };
    return response.ok ? { page: new DOMParser().parseFromString(await response.text(), "text/html") } : {};
  } catch {
    return {};
  }
}
