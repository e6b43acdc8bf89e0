// The shell's behaviour. Everything works without it too: it only saves keys and waiting.
import "./keys.js";
import "./forms.js";
import "./panels.js";
import "./tables.js";
import "./lists.js";
import "./requests.js";
import "./ask.js";
import "./bell.js";
import "./palette.js";
import "./waiting.js";
import { showCharts } from "./charts.js";

function markTheme() {
  const wanted = document.documentElement.dataset.themeChoice;
  for (const button of document.querySelectorAll("[data-theme-set]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeSet === wanted));
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-theme-set]");
  if (!button) return;
  document.dispatchEvent(new CustomEvent("theme:choose", { detail: button.dataset.themeSet }));
  markTheme();
});

markTheme();
showCharts(document);
document.addEventListener("htmx:load", (event) => showCharts(event.detail.elt));
