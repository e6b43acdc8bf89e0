// The day's list: J and K walk, D done, S skip with a number for the reason, C log a contact. Never while composing.
import { composing } from "./keys.js";

const root = document.querySelector("[data-today]");
let place = 0;

const entries = () => [...root.querySelectorAll("[data-day-entry]")];
const current = () => root.querySelector('[data-day-entry][aria-current="true"]');

function choose(index, { focus = true } = {}) {
  const all = entries();
  if (!all.length) return;
  place = Math.max(0, Math.min(index, all.length - 1));
  for (const [n, entry] of all.entries()) {
    if (n === place) entry.setAttribute("aria-current", "true");
    else entry.removeAttribute("aria-current");
    entry.tabIndex = n === place ? 0 : -1;
  }
  if (!focus) return;
  all[place].focus({ preventScroll: true });
  all[place].scrollIntoView({ block: "nearest" });
}

function press(selector) {
  const target = current()?.querySelector(selector);
  target?.click();
  return Boolean(target);
}

function openSkip() {
  const menu = current()?.querySelector("[data-day-skip]");
  if (!menu) return false;
  menu.open = true;
  menu.querySelector("button")?.focus();
  return true;
}

function reason(number) {
  const menu = root.querySelector("[data-day-skip][open]");
  const button = menu?.querySelectorAll("button")[number - 1];
  button?.click();
  return Boolean(button);
}

const KEYS = {
  j: () => walk(1),
  k: () => walk(-1),
  ArrowDown: () => walk(1),
  ArrowUp: () => walk(-1),
  d: () => press("[data-day-done]"),
  s: openSkip,
  c: () => press("[data-day-log]"),
};

function walk(by) {
  const menu = root.querySelector("[data-day-skip][open]");
  if (menu) return step(menu, by);
  choose(place + by);
  return true;
}

function step(menu, by) {
  const items = [...menu.querySelectorAll("button")];
  items[(items.indexOf(document.activeElement) + by + items.length) % items.length]?.focus();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (composing(event) || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog[open]") || event.target.closest?.("input, textarea, select, [contenteditable]")) return;
  // Arrows belong to the page unless the list is where the person works.
  if (event.key.startsWith("Arrow") && !root.contains(event.target)) return;
  const handled = /^[1-9]$/.test(event.key) ? reason(Number(event.key)) : KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key]?.();
  if (handled) event.preventDefault();
});

// Whoever clicks into an entry works on that one.
root.addEventListener("focusin", (event) => {
  const entry = event.target.closest("[data-day-entry]");
  if (entry) choose(entries().indexOf(entry), { focus: false });
});

root.addEventListener("htmx:afterSettle", () => {
  // What was done is gone, so the same place is the next customer.
  if (!document.querySelector("dialog[open]")) choose(place);
});

choose(0, { focus: false });
