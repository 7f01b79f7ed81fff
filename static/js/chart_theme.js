// The colours of a chart, read from the page's own variables each time it is drawn.

/** The value of a CSS variable, "#rrggbb". */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** The same colour, let through: `share` from 0 to 1. */
export function faint(name, share) {
  return colour(name) + Math.round(share * 255).toString(16).padStart(2, "0");
}

/** Fixed for each overlay, so that an average looks the same in every chart; `dash` is the library's line style. */
const OVERLAYS = {
  sma_20: { slot: 4, dash: 0, label: "20-day average" },
  sma_50: { slot: 2, dash: 0, label: "50-day average" },
  sma_200: { slot: 1, dash: 2, label: "200-day average" },
  ema_12: { slot: 4, dash: 2, label: "EMA 12" },
  ema_26: { slot: 3, dash: 2, label: "EMA 26" },
  bollinger_upper: { slot: 5, dash: 1, label: "Bollinger, upper" },
  bollinger_lower: { slot: 5, dash: 1, label: "Bollinger, lower" },
};

export function overlayLook(name) {
  return OVERLAYS[name] ?? { slot: 5, dash: 0, label: name.replaceAll("_", " ") };
}

/** Colour variable and line style by what a price line stands for. */
const LINES = {
  support: { colour: "series-4", dash: 1 },
  resistance: { colour: "series-3", dash: 1 },
  entry: { colour: "ink", dash: 0 },
  stop: { colour: "down", dash: 2 },
  target: { colour: "up", dash: 2 },
};

export function lineLook(role) {
  return LINES[role] ?? { colour: "muted", dash: 1 };
}

export function chartOptions() {
  return {
    autoSize: true,
    layout: {
      background: { color: colour("surface") },
      textColor: colour("muted"),
      fontFamily: colour("sans"),
      fontSize: 12,
      attributionLogo: true,
      panes: { separatorColor: colour("line"), enableResize: false },
    },
    grid: { vertLines: { visible: false }, horzLines: { color: colour("line") } },
    rightPriceScale: { borderVisible: false },
    timeScale: { borderColor: colour("line"), fixLeftEdge: true, fixRightEdge: true },
    crosshair: {
      mode: 0,
      vertLine: { color: colour("muted"), labelBackgroundColor: colour("muted") },
      horzLine: { color: colour("muted"), labelBackgroundColor: colour("muted") },
    },
    // The wheel scrolls the page; dragging and pinching move the chart.
    handleScroll: { mouseWheel: false, vertTouchDrag: false },
    handleScale: { mouseWheel: false },
    localization: { locale: "en-GB", dateFormat: "d MMM yyyy" },
  };
}
