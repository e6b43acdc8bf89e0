// The counter: search as you type, arrows and Enter, number keys. Nothing fires while an input method is composing.
import { composing } from "./keys.js";

const WAIT = 180;
const root = document.querySelector("[data-counter]");
const search = root.querySelector("[data-counter-search]");
const box = search.elements.q;
const panel = document.getElementById("counter-panel");
let timer = 0;
// What the list on screen answers, and whether Enter was pressed before it came.
let answered = "";
let openFirst = false;

const hits = () => [...panel.querySelectorAll('[role="option"]')];
const chosen = () => panel.querySelector('[role="option"][aria-selected="true"]');

function lookUp() {
  clearTimeout(timer);
  window.htmx.trigger(search, "lookup");
}

function choose(hit) {
  for (const other of hits()) other.setAttribute("aria-selected", String(other === hit));
  box.setAttribute("aria-activedescendant", hit.id);
  hit.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = hits();
  if (!all.length) return;
  choose(all[(all.indexOf(chosen()) + by + all.length) % all.length]);
}

function ready({ empty }) {
  if (empty) box.value = "";
  box.focus();
  box.select();
}

box.addEventListener("input", (event) => {
  clearTimeout(timer);
  // Between compositionstart and -end the text is not the customer's name yet.
  if (!event.isComposing) timer = setTimeout(lookUp, WAIT);
});
box.addEventListener("compositionend", () => {
  clearTimeout(timer);
  timer = setTimeout(lookUp, WAIT);
});

box.addEventListener("keydown", (event) => {
  if (composing(event)) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") step(event.key === "ArrowDown" ? 1 : -1);
  else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) open();
  else return;
  event.preventDefault();
});

function open() {
  if (box.value.trim() === answered && chosen()) {
    chosen().click();
    return;
  }
  openFirst = true;
  lookUp();
}

// Number keys pick in the choice that has the focus, and the focus moves on.
function pick(event, choice) {
  const radio = choice.querySelectorAll('input[type="radio"]')[Number(event.key) - 1];
  if (!radio) return;
  radio.checked = true;
  next(choice);
  event.preventDefault();
}

function next(choice) {
  const stops = [...choice.closest("form").querySelectorAll("[data-counter-choice], .field")];
  const following = stops[stops.indexOf(choice) + 1];
  const target = following?.querySelector('input:checked, input[type="radio"], input, select, textarea');
  target?.focus();
}

// A letter starts something else from the card: a referral, a fraud prompt, a complaint. Not while text is written.
function start(event) {
  const target = panel.querySelector(`[data-counter-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!target) return false;
  target.click();
  event.preventDefault();
  return true;
}

panel.addEventListener("keydown", (event) => {
  if (composing(event) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (/^[a-z]$/i.test(event.key) && !event.target.matches('input:not([type="radio"]), textarea, select') && start(event)) return;
  const choice = event.target.closest("[data-counter-choice]");
  if (choice && /^[1-9]$/.test(event.key)) pick(event, choice);
  else if (choice && event.key === "Enter") {
    // A form must not leave half filled in because somebody pressed Enter early.
    event.preventDefault();
    if (choice.querySelector(":checked")) next(choice);
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || composing(event) || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  if (panel.querySelector("[data-counter-card]")) lookUp();
  ready({ empty: false });
});

search.addEventListener("htmx:configRequest", (event) => {
  search.dataset.asked = event.detail.parameters.q?.trim?.() ?? box.value.trim();
});

function focusForm(form) {
  const choices = [...form.querySelectorAll("[data-counter-choice]")];
  const open = choices.find((choice) => !choice.querySelector(":checked"));
  (open?.querySelector("input") ?? form.elements.note).focus();
}

function arrived(event) {
  // What comes later beside the form (the question, what the tier gives) leaves the focus where the person works.
  if (event && event.detail.target !== panel) return;
  const list = panel.querySelector('[role="listbox"]');
  box.setAttribute("aria-expanded", String(Boolean(list)));
  box.removeAttribute("aria-activedescendant");
  const form = panel.querySelector("[data-counter-log]");
  if (form) {
    openFirst = false;
    focusForm(form);
  } else if (panel.querySelector("[data-counter-done]")) {
    answered = "";
    ready({ empty: true });
  } else {
    listed();
  }
}

function listed() {
  answered = search.dataset.asked ?? "";
  const first = chosen();
  if (first) box.setAttribute("aria-activedescendant", first.id);
  if (openFirst) {
    openFirst = false;
    first?.click();
  }
}

document.addEventListener("ask:left", () => {
  const form = panel.querySelector("[data-counter-log]");
  if (form) focusForm(form);
});

// Not afterSwap: a link clicked before htmx has taken it over would leave the page.
panel.addEventListener("htmx:afterSettle", arrived);
if (panel.querySelector("[data-counter-log]")) arrived();
