// Draws the figures of answers from the JSON beside them, when they come into view, and again when the theme changes.

import { chartOptions, colour, faint, lineLook, overlayLook } from "./chart_theme.js";
import { item, showLegend } from "./legend.js";

const drawn = new Map(); // figure → chart
let library;

function loadLibrary() {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = document.body.dataset.chartLibrary;
    script.onload = () => resolve(window.LightweightCharts);
    script.onerror = () => reject(new Error("the chart library did not load"));
    document.head.append(script);
  });
  return library;
}

const inView = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      inView.unobserve(target);
      draw(target);
    }
  },
  { rootMargin: "200px" },
);

/** Draws each figure inside `root` once it comes near the view. */
export function drawFigures(root) {
  for (const figure of root.querySelectorAll("[data-figure]")) if (!drawn.has(figure)) inView.observe(figure);
}

async function draw(figure) {
  const payload = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
  const canvas = figure.querySelector(".canvas");
  try {
    const charts = await loadLibrary();
    drawn.get(figure)?.remove();
    const chart = charts.createChart(canvas, chartOptions());
    drawn.set(figure, chart);
    if (figure.dataset.figure === "chart") drawBars({ charts, chart, figure, canvas, payload });
    else drawPerformance({ charts, chart, figure, payload });
    if (payload.watermark) {
      charts.createTextWatermark(chart.panes()[0], {
        lines: [{ text: payload.watermark, color: faint("muted", 0.3), fontSize: 26, fontStyle: "bold" }],
      });
    }
    chart.timeScale().fitContent();
    keepCredit(canvas);
    figure.dataset.drawn = "yes";
  } catch (error) {
    console.error(error);
    figure.querySelector("details.data")?.setAttribute("open", "");
    canvas.hidden = true;
  }
}

// The library makes its logo anew when panes are added, so it is watched for.
function keepCredit(canvas) {
  placeCredit(canvas);
  if (canvas.dataset.watched) return;
  canvas.dataset.watched = "yes";
  new MutationObserver(() => placeCredit(canvas)).observe(canvas, { childList: true, subtree: true });
}

// The library's logo is a link inside a picture, with one id for every chart and the page's address in its query. A copy
// beside the picture takes its place; the original stays where the library looks for it.
function placeCredit(canvas) {
  const logo = canvas.querySelector("#tv-attr-logo");
  if (!logo) return;
  canvas.parentElement.querySelector(".chart-credit")?.remove();
  logo.removeAttribute("id");
  const credit = logo.cloneNode(true);
  credit.className = "chart-credit";
  credit.href = "https://www.tradingview.com/";
  credit.rel = "noopener noreferrer";
  credit.setAttribute("aria-label", "Charting by TradingView");
  logo.hidden = true;
  canvas.parentElement.append(credit);
}

function drawBars({ charts, chart, figure, canvas, payload }) {
  const { bars, overlays, panes, lines, precision } = payload;
  const price = (value) => value.toLocaleString("en", { minimumFractionDigits: precision, maximumFractionDigits: precision });
  chart.applyOptions({ localization: { priceFormatter: price } });
  const at = (values) => bars.map(([time], i) => (values[i] == null ? { time } : { time, value: values[i] }));
  const quiet = { lastValueVisible: false, priceLineVisible: false, crosshairMarkerVisible: false, lineWidth: 2 };

  // A day that closed up is hollow, a day that closed down is filled: the shape says it without the colour.
  const candles = chart.addSeries(charts.CandlestickSeries, {
    upColor: colour("surface"),
    borderUpColor: colour("up"),
    wickUpColor: colour("up"),
    downColor: colour("down"),
    borderDownColor: colour("down"),
    wickDownColor: colour("down"),
    priceLineVisible: false,
    lastValueVisible: lines.length === 0,
    autoscaleInfoProvider: (original) => withLines(original(), lines),
  });
  candles.priceScale().applyOptions({ scaleMargins: { top: 0.06, bottom: 0.22 } });
  candles.setData(bars.map(([time, open, high, low, close]) => ({ time, open, high, low, close })));

  const volume = chart.addSeries(charts.HistogramSeries, {
    priceScaleId: "",
    priceFormat: { type: "volume" },
    color: faint("muted", 0.35),
    lastValueVisible: false,
    priceLineVisible: false,
  });
  volume.priceScale().applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
  volume.setData(bars.map((bar) => ({ time: bar[0], value: bar[5] })));

  for (const [name, values] of Object.entries(overlays)) {
    const look = overlayLook(name);
    chart.addSeries(charts.LineSeries, { ...quiet, color: colour(`series-${look.slot}`), lineStyle: look.dash }).setData(at(values));
  }
  for (const line of lines) {
    const look = lineLook(line.role);
    candles.createPriceLine({
      price: line.price,
      title: line.label ?? "",
      color: colour(look.colour),
      lineStyle: look.dash,
      lineWidth: 1,
      axisLabelVisible: true,
      axisLabelTextColor: colour("surface"),
    });
  }
  let pane = 0;
  for (const [name, values] of Object.entries(panes)) {
    pane += 1;
    drawPane({ charts, chart, name, values, pane, at, quiet });
  }
  canvas.dataset.panes = String(pane);
  chart.panes().forEach((part, index) => part.setStretchFactor(index === 0 ? 3 : 1));
  showLegend({ legend: figure.querySelector(".legend"), chart, days: bars.map((bar) => bar[0]), items: (i) => barItems(payload, i, price) });
}

function drawPane({ charts, chart, name, values, pane, at, quiet }) {
  const line = (points, slot, dash) =>
    chart.addSeries(charts.LineSeries, { ...quiet, lineWidth: 1.5, color: colour(`series-${slot}`), lineStyle: dash }, pane).setData(at(points));
  if (Array.isArray(values)) {
    line(values, 3, 0);
    return;
  }
  chart
    .addSeries(charts.HistogramSeries, { color: faint("muted", 0.5), lastValueVisible: false, priceLineVisible: false }, pane)
    .setData(at(values.histogram));
  line(values.macd, 1, 0);
  line(values.signal, 2, 2);
}

// Lines near the bars widen the scale; one far away would press the bars flat.
function withLines(info, lines) {
  if (!info?.priceRange) return info;
  const { minValue, maxValue } = info.priceRange;
  const room = (maxValue - minValue) * 0.4;
  const near = lines.map((line) => line.price).filter((p) => p >= minValue - room && p <= maxValue + room);
  return { ...info, priceRange: { minValue: Math.min(minValue, ...near), maxValue: Math.max(maxValue, ...near) } };
}

function barItems({ bars, overlays, panes }, i, price) {
  const [, open, high, low, close, volume] = bars[i];
  const before = i > 0 ? bars[i - 1][4] : open;
  const percent = (close / before - 1) * 100;
  const items = [item("Open", price(open)), item("High", price(high)), item("Low", price(low)), item("Close", price(close))];
  items.push(item("", signed(percent), { sign: percent }), item("Volume", volume.toLocaleString("en")));
  for (const [name, values] of Object.entries(overlays)) {
    const look = overlayLook(name);
    items.push(item(look.label, values[i] == null ? "n/a" : price(values[i]), { slot: look.slot, dash: look.dash }));
  }
  for (const [name, values] of Object.entries(panes)) {
    if (Array.isArray(values)) items.push(item(name.replace("_", " ").toUpperCase(), plain(values[i]), { slot: 3, dash: 0 }));
    else {
      items.push(item("MACD", plain(values.macd[i]), { slot: 1, dash: 0 }));
      items.push(item("Signal", plain(values.signal[i]), { slot: 2, dash: 2 }));
    }
  }
  return items;
}

const plain = (value) => value?.toFixed(2).replace("-", "−") ?? "n/a";
const signed = (value) => `${value > 0 ? "+" : ""}${value.toFixed(2)} %`.replace("-", "−");

function drawPerformance({ charts, chart, figure, payload }) {
  const { days, series } = payload;
  chart.applyOptions({ localization: { priceFormatter: signed } });
  series.forEach(({ values }, index) => {
    chart
      .addSeries(charts.LineSeries, {
        color: colour(`series-${index + 1}`),
        lineStyle: index % 3 === 0 ? 0 : 3 - (index % 3),
        lineWidth: 2,
        priceLineVisible: false,
      })
      .setData(days.map((time, i) => ({ time, value: values[i] })));
  });
  const items = (i) =>
    series.map(({ symbol, values }, index) =>
      item(symbol, signed(values[i]), { slot: index + 1, dash: index % 3 === 0 ? 0 : 3 - (index % 3) }),
    );
  showLegend({ legend: figure.querySelector(".legend"), chart, days, items });
}

window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const figure of drawn.keys()) {
    if (figure.isConnected) draw(figure);
    else drawn.delete(figure);
  }
});
