// Where figures stand. An answer holds its own figures; on a wide screen those of the newest answer that has any move
// to the panel, leaving a link in their place. They move as they are, so no id exists twice and no chart is drawn twice.

const wide = window.matchMedia("(width >= 1100px)");
const panel = document.getElementById("panel");
const turns = document.getElementById("turns");

let shown = null; // { figures, placeholder }

function bringBack() {
  if (!shown) return;
  if (shown.placeholder.isConnected) shown.placeholder.replaceWith(shown.figures);
  else shown.figures.remove();
  shown = null;
}

/** Puts the newest figures where they belong at this width. */
export function placeFigures() {
  const newest = [...turns.querySelectorAll(".figures, .away")].at(-1);
  if (wide.matches && shown && newest === shown.placeholder) return;
  bringBack();
  const figures = [...turns.querySelectorAll(".figures")].at(-1);
  if (wide.matches && figures) {
    const placeholder = document.getElementById("figures-away").content.firstElementChild.cloneNode(true);
    placeholder.firstElementChild.textContent = `${figures.dataset.title}, at the right`;
    figures.replaceWith(placeholder);
    panel.replaceChildren(figures);
    panel.scrollTop = 0;
    shown = { figures, placeholder };
  }
  panel.hidden = !shown;
}

wide.addEventListener("change", placeFigures);
window.addEventListener("beforeprint", () => {
  bringBack();
  panel.hidden = true;
});
window.addEventListener("afterprint", placeFigures);
