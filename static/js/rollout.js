// Keeps an open rollout page true: the sum of what is typed, and the counts of this moment. The server counts again.

const IDLE_MS = 5000;
const DRAINING_MS = 1000;

const form = document.querySelector("[data-shares-form]");
const sum = form?.querySelector("[data-shares-sum]");

function showSum() {
  let basisPoints = 0;
  for (const field of form.querySelectorAll("input[type=number]")) {
    basisPoints += Math.round((field.valueAsNumber || 0) * 100);
  }
  sum.textContent = `${basisPoints / 100} %`;
  sum.classList.toggle("is-off", basisPoints !== 10000);
}

form?.addEventListener("input", showSum);

const page = document.querySelector("[data-live]");

function write(element, text) {
  // Written only when it differs: a screen reader says each change once.
  if (element && element.textContent !== text) element.textContent = text;
}

function mark(element, name, holds) {
  element?.classList.toggle(name, holds);
}

function show(now) {
  const headline = page.querySelector("[data-live-headline]");
  write(headline, now.headline);
  mark(headline, "is-outage", now.is_outage);
  const watch = page.querySelector("[data-live-watch]");
  mark(watch, "rollout-warning", now.is_silent);
  mark(watch, "rollout-quiet", !now.is_silent);
  write(page.querySelector("[data-live-at]"), now.at);
  write(page.querySelector("[data-live-sessions]"), now.live);
  write(page.querySelector("[data-live-watch]"), now.watch);
  for (const note of page.querySelectorAll("[data-live-note]")) write(note, now.notes[note.dataset.liveNote] ?? "");
  for (const cut of page.querySelectorAll("[data-live-cut]")) cut.hidden = !now.running[cut.dataset.liveCut];
  page.querySelector("[data-live-changed]").hidden = now.change === page.dataset.change;
}

function isDraining(now) {
  return [...page.querySelectorAll("[data-live-cut]")].some((cut) => now.running[cut.dataset.liveCut]);
}

async function look() {
  let wait = IDLE_MS;
  try {
    if (!document.hidden) {
      const answer = await fetch(page.dataset.live, { headers: { Accept: "application/json" } });
      // Logged out, or no longer allowed: what the page shows stays as it was.
      if (answer.redirected || !answer.ok) throw new Error(String(answer.status));
      const now = await answer.json();
      show(now);
      if (isDraining(now)) wait = DRAINING_MS;
    }
  } catch {
    write(page.querySelector("[data-live-at]"), `${page.dataset.at} UTC; no connection since`);
  }
  setTimeout(look, wait);
}

if (page) setTimeout(look, DRAINING_MS);
