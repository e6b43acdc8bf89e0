// The calendar: arrows walk from day to day, letters turn pages. Never while an input method is composing.
import { composing } from "./keys.js";

const root = document.querySelector("[data-agenda]");
const TURNS = { p: "before", n: "after", t: "today", m: "month", w: "week" };
const days = () => [...(root?.querySelectorAll("[data-agenda-day]") ?? [])];

function walk(by) {
  const all = days();
  const here = all.findIndex((day) => day.contains(document.activeElement));
  const next = all[here < 0 ? Math.max(0, all.findIndex((day) => day.tabIndex === 0)) : here + by];
  if (!next) return false;
  for (const day of all) day.tabIndex = day === next ? 0 : -1;
  next.focus();
  next.scrollIntoView({ block: "nearest" });
  return true;
}

function turn(key) {
  const way = document.querySelector(`[data-agenda-go="${TURNS[key]}"]`);
  way?.click();
  return Boolean(way);
}

document.addEventListener("keydown", (event) => {
  if (composing(event) || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog[open]") || event.target.closest?.("input, textarea, select, [contenteditable]")) return;
  const row = root?.matches("table") ? 7 : 1;
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -row, ArrowDown: row };
  let handled = false;
  // Arrows belong to the page unless the calendar is where the person works.
  if (event.key in steps) handled = Boolean(root?.contains(event.target)) && walk(steps[event.key]);
  else if (event.key === "Enter" && event.target.matches?.("[data-agenda-day]")) handled = open(event.target);
  else if (event.key.toLowerCase() in TURNS) handled = turn(event.key.toLowerCase());
  if (handled) event.preventDefault();
});

function open(day) {
  const link = day.querySelector("a");
  link?.click();
  return Boolean(link);
}

// Without today on the page, the first day can be reached by Tab.
if (root && !root.querySelector('[data-agenda-day][tabindex="0"]')) days()[0]?.setAttribute("tabindex", "0");
