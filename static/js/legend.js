// The line above a chart: the figures of the day under the cursor, or of the last day.

const dayFormat = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

/** One figure. With `slot` and `dash` it shows its line; with `sign` an arrow and a colour by the sign. */
export function item(name, value, { slot, dash, sign } = {}) {
  const element = document.createElement("span");
  element.className = "item";
  if (slot) {
    const swatch = document.createElement("span");
    swatch.className = `swatch series-${slot}`;
    swatch.dataset.dash = dash;
    element.append(swatch);
  }
  if (name) {
    const label = document.createElement("span");
    label.className = "name";
    label.textContent = `${name} `;
    element.append(label);
  }
  if (sign !== undefined) {
    element.classList.add(sign > 0 ? "up" : sign < 0 ? "down" : "flat");
    value = `${sign > 0 ? "▲" : sign < 0 ? "▼" : "■"} ${value}`;
  }
  element.append(value);
  return element;
}

/** Keeps `legend` at the day under the cursor of `chart`; `items(i)` gives the figures of day `i`. */
export function showLegend({ legend, chart, days, items }) {
  const places = new Map(days.map((day, i) => [day, i]));
  const show = (i) => legend.replaceChildren(item(dayFormat.format(new Date(`${days[i]}T00:00:00Z`)), ""), ...items(i));
  chart.subscribeCrosshairMove(({ time }) => show(places.get(time) ?? days.length - 1));
  show(days.length - 1);
}
