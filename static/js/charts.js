// Draws <figure data-chart="line|area|bar|stacked" data-source="ID OF json_script" data-lib="URL OF ECHARTS">.
// The library loads when the first chart comes near the screen. The table twin is in the page already.
import { optionsOf } from "./chart_options.js";

// What an A4 page has between its margins, in pixels.
const PAPER = 680;

const drawn = new Map();
let library;

function load(url) {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = url;
    script.onload = () => resolve(window.echarts);
    script.onerror = reject;
    document.head.append(script);
  });
  return library;
}

function followClick(chart, data) {
  chart.on("click", (point) => {
    const href = data.series[point.seriesIndex]?.hrefs?.[point.dataIndex] ?? data.hrefs?.[point.dataIndex];
    if (href) location.assign(href);
  });
}

async function draw(figure) {
  if (drawn.has(figure)) return;
  drawn.set(figure, null);
  const data = JSON.parse(document.getElementById(figure.dataset.source).textContent);
  const echarts = await load(figure.dataset.lib);
  figure.dataset.ready = "";
  const canvas = figure.querySelector(".chart-canvas");
  const chart = echarts.init(canvas, null, { renderer: "canvas" });
  chart.setOption(optionsOf(figure.dataset.chart, data));
  followClick(chart, data);
  drawn.set(figure, { chart, data });
  new ResizeObserver(() => canvas.clientWidth && chart.resize()).observe(canvas);
  showTable(figure, figure.dataset.view === "table");
}

function showTable(figure, shown) {
  figure.querySelector(".chart-table").hidden = shown === false;
  figure.querySelector(".chart-canvas").hidden = shown;
  figure.querySelector(".chart-toggle").setAttribute("aria-pressed", String(shown));
}

const near = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    near.unobserve(entry.target);
    // Without the library the table twin simply stays.
    draw(entry.target).catch(() => drawn.delete(entry.target));
  }
}, { rootMargin: "200px" });

export function showCharts(root) {
  const figures = [...root.querySelectorAll("figure[data-chart]")];
  if (root.matches?.("figure[data-chart]")) figures.push(root);
  for (const figure of figures) near.observe(figure);
}

document.addEventListener("click", (event) => {
  const toggle = event.target.closest(".chart-toggle");
  if (toggle) showTable(toggle.closest("figure"), toggle.getAttribute("aria-pressed") !== "true");
});

document.addEventListener("theme:changed", () => {
  for (const [figure, entry] of drawn) {
    if (entry) entry.chart.setOption({ ...optionsOf(figure.dataset.chart, entry.data), animation: false }, true);
  }
});

// Nothing waits for the next frame while a page is printed.
function fit(figure) {
  const chart = drawn.get(figure)?.chart;
  if (!chart) return;
  chart.resize({ width: Math.min(chart.getWidth(), PAPER) });
  chart.getZr().flush();
}

// Those not yet come into sight are drawn too, if the library is here; else their tables are printed.
window.addEventListener("beforeprint", () => {
  for (const figure of library ? document.querySelectorAll("figure[data-chart]") : []) {
    draw(figure).then(() => fit(figure), () => drawn.delete(figure));
  }
});

window.addEventListener("afterprint", () => {
  for (const entry of drawn.values()) entry?.chart.resize({ width: "auto" });
});

document.addEventListener("htmx:beforeCleanupElement", (event) => {
  for (const [figure, entry] of drawn) {
    if (!event.detail.elt.contains(figure)) continue;
    entry?.chart.dispose();
    drawn.delete(figure);
  }
});
