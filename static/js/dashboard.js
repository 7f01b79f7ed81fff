// Draws the picture of a dashboard from the figures beside it, again when the theme changes, and leads to a point's rows.

import { colour } from "./chart_theme.js";

/** Dash and marker by slot, as in the swatches of dashboards.css: colour is never the only sign. */
const SHAPES = {
  1: { dash: [], marker: "circle" },
  2: { dash: [7, 3], marker: "triangle" },
  3: { dash: [2, 3], marker: "rect" },
  4: { dash: [9, 3, 2, 3], marker: "rectRot" },
  5: { dash: [4, 4], marker: "crossRot" },
  6: { dash: [12, 3], marker: "cross" },
  7: { dash: [1, 3], marker: "line" },
};
const COLOURS = { 6: "ink", 7: "line-strong" };
// Beyond so many steps a marker on each would hide the line.
const N_MARKED = 40;

const source = document.getElementById("picture-data");
const canvas = document.querySelector(".picture canvas");
let chart;

function slotColour(slot) {
  return colour(COLOURS[slot] ?? `series-${slot}`);
}

const compact = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

/** Where the rows of a point are: its link in the table of the same points, or nothing. */
function rowsOf(picture, series, step) {
  const row = document.querySelector(`[data-table="over_time"] tr[data-step="${picture.steps[step]}"]`);
  return row?.cells[series + 1]?.querySelector("a")?.href;
}

function isAlone(values, i) {
  return values[i] != null && values[i - 1] == null && values[i + 1] == null;
}

function dataset(picture, { label, slot, values, few }) {
  const ink = slotColour(slot);
  const { dash, marker } = SHAPES[slot];
  if (picture.kind === "bars") {
    return { label, data: values, backgroundColor: ink, borderColor: colour("surface"), borderWidth: 1, stack: "all" };
  }
  // A point between two gaps is no line: without a marker nobody would see it.
  const shown = values.map((_, i) => values.length <= N_MARKED || few[i] || isAlone(values, i));
  return {
    label,
    data: values,
    borderColor: ink,
    borderDash: dash,
    borderWidth: 2,
    pointStyle: marker,
    pointRadius: shown.map((is) => (is ? 4 : 0)),
    pointHoverRadius: 6,
    pointHitRadius: 8,
    pointBorderColor: ink,
    pointBackgroundColor: few.map((is) => (is ? colour("surface") : ink)),
    spanGaps: false,
    tension: 0,
  };
}

function tooltipLines(picture, { datasetIndex, dataIndex, parsed }) {
  const { label, n, bounds, few } = picture.series[datasetIndex];
  const unit = picture.unit === `${picture.noun}s` ? "" : ` ${picture.unit}`;
  const lines = [`${label}: ${compact.format(parsed.y)}${unit}`];
  const held = bounds[dataIndex];
  if (held) lines.push(`${compact.format(held[0])}–${compact.format(held[1])} with 95 %`);
  lines.push(`${n[dataIndex].toLocaleString("en")} ${picture.noun}${n[dataIndex] === 1 ? "" : "s"}${few[dataIndex] ? ": too few to say" : ""}`);
  return lines;
}

function options(picture) {
  const text = { color: colour("muted"), font: { family: colour("sans"), size: 12 } };
  const stacked = picture.kind === "bars";
  return {
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    interaction: { mode: "nearest", intersect: false },
    onClick: (_, [point]) => {
      const href = point && rowsOf(picture, point.datasetIndex, point.index);
      if (href) window.location.assign(href);
    },
    onHover: (event, [point]) => {
      event.native.target.style.cursor = point && rowsOf(picture, point.datasetIndex, point.index) ? "pointer" : "";
    },
    plugins: {
      legend: { display: false },
      tooltip: {
        backgroundColor: colour("ink"),
        titleColor: colour("surface"),
        bodyColor: colour("surface"),
        usePointStyle: true,
        callbacks: { label: (item) => tooltipLines(picture, item) },
      },
    },
    scales: {
      x: {
        stacked,
        title: { display: true, text: "UTC", ...text },
        ticks: { ...text, maxRotation: 0, autoSkipPadding: 16 },
        grid: { display: false },
        border: { color: colour("line-strong") },
      },
      y: {
        stacked,
        beginAtZero: true,
        title: { display: true, text: picture.unit, ...text },
        ticks: { ...text, callback: (value) => compact.format(value) },
        grid: { color: colour("line") },
        border: { display: false },
      },
    },
  };
}

function draw() {
  const picture = JSON.parse(source.textContent);
  canvas.parentElement.hidden = false;
  chart?.destroy();
  chart = new window.Chart(canvas, {
    type: picture.kind === "bars" ? "bar" : "line",
    data: { labels: picture.labels, datasets: picture.series.map((series) => dataset(picture, series)) },
    options: options(picture),
  });
  canvas.closest(".picture").dataset.drawn = "yes";
}

if (source && canvas) {
  draw();
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}
