// The list at the left: searched as one types, renewed after an answer, a drawer on a narrow screen.

const PAUSE_MS = 200;

/** Returns `refresh(current)`, which loads the list anew with that conversation marked. */
export function createConversations() {
  const nav = document.getElementById("conversations");
  const list = document.getElementById("conversation-list");
  const search = document.getElementById("conversation-search");
  let current = "";
  let latest = 0;
  let timer;

  async function refresh(id = current) {
    current = id;
    const mine = ++latest;
    const query = new URLSearchParams({ q: search.value.trim(), current });
    try {
      const response = await fetch(`${nav.dataset.url}?${query}`, { headers: { Accept: "text/html" } });
      if (!response.ok || response.redirected) return;
      const html = await response.text();
      if (mine === latest) list.innerHTML = html;
    } catch {
      // Offline: the list that is there is still the best one.
    }
  }

  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(refresh, PAUSE_MS);
  });
  search.form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    refresh();
  });
  window.matchMedia("(width >= 900px)").addEventListener("change", (event) => {
    if (event.matches && nav.matches(":popover-open")) nav.hidePopover();
  });

  return {
    refresh,
    setCurrent(id) {
      current = id;
    },
  };
}
