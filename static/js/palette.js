// The command palette: pages are matched here, records by the server. Whatever is typed stays out of addresses.
import { composing } from "./keys.js";

const WAIT = 140;
const KEPT = 12;
// Pages that may be of one record; the server knows which, and whether it is in sight.
const RECORD = /^\/(customers|complaints|campaigns|reports)\/[^/]+\/$/;

const dialog = document.getElementById("palette");
const input = dialog?.querySelector("[data-palette-input]");
const memory = `recent:${document.body.dataset.person ?? ""}`;
let timer = 0;
let active = null;
let asked = "";

function lately() {
  try {
    return JSON.parse(localStorage.getItem(memory)) ?? [];
  } catch {
    return [];
  }
}

function remember(path) {
  if (!RECORD.test(path)) return;
  try {
    localStorage.setItem(memory, JSON.stringify([path, ...lately().filter((one) => one !== path)].slice(0, KEPT)));
  } catch {
    // Private windows may refuse; then nothing was looked at lately.
  }
}

const options = () => [...dialog.querySelectorAll(".palette-option:not([hidden])")];

function mark(option) {
  active?.setAttribute("aria-selected", "false");
  active = option ?? null;
  active?.setAttribute("aria-selected", "true");
  active?.scrollIntoView({ block: "nearest" });
  if (active) input.setAttribute("aria-activedescendant", active.id);
  else input.removeAttribute("aria-activedescendant");
}

// Every word typed begins a word of the page's names, its pinyin or its initials.
function matches(option, words) {
  const known = option.dataset.words.split(" ");
  const name = option.textContent.toLowerCase();
  return words.every((word) => name.includes(word) || known.some((one) => one.startsWith(word) || one.includes(word) && word.length > 2));
}

function filterPages() {
  const words = input.value.toLowerCase().trim().split(/\s+/).filter(Boolean);
  const group = dialog.querySelector("#palette-pages .palette-group");
  if (!group) return;
  let some = false;
  let exactly = false;
  for (const option of group.querySelectorAll(".palette-option")) {
    option.hidden = !matches(option, words);
    some ||= !option.hidden;
    exactly ||= words.length > 0 && option.dataset.words.split(" ").includes(words.join(""));
  }
  group.hidden = !some;
  // A page called exactly so comes before records that sound alike.
  const [pages, found] = [group.parentElement, dialog.querySelector("#palette-found")];
  if (exactly) found.before(pages);
  else found.after(pages);
  // "Nothing found" is said of everything at once.
  const none = dialog.querySelector("[data-palette-none]");
  if (none) none.hidden = some;
}

function first() {
  mark(input.value.trim() ? options()[0] : null);
}

function search() {
  clearTimeout(timer);
  asked = input.value;
  dialog.querySelector("#palette-recent").value = input.value.trim() ? "" : lately().filter((one) => one !== location.pathname).join(" ");
  input.dispatchEvent(new CustomEvent("palette:search"));
}

function openPalette() {
  if (!window.htmx || (!dialog.open && document.querySelector("dialog[open]"))) return false;
  if (dialog.open) return true;
  input.value = "";
  dialog.showModal();
  input.focus();
  if (!dialog.querySelector("#palette-pages").childElementCount) {
    window.htmx.ajax("GET", dialog.dataset.url, { target: "#palette-pages", swap: "innerHTML" });
  }
  filterPages();
  mark(null);
  search();
  return true;
}

function step(by) {
  const all = options();
  if (!all.length) return;
  const at = all.indexOf(active);
  mark(all[at < 0 ? (by > 0 ? 0 : all.length - 1) : (at + by + all.length) % all.length]);
}

// A page called exactly what was typed needs no answer of the server.
function exactPage() {
  const typed = input.value.toLowerCase().trim().split(/\s+/).join("");
  const pages = [...dialog.querySelectorAll("#palette-pages .palette-option")];
  return typed && pages.find((page) => page.dataset.words.split(" ").includes(typed));
}

function enter(event) {
  // What is found is of an earlier text while the server is still asked: then the text itself is sent.
  const chosen = active ?? exactPage();
  if (chosen) chosen.click();
  else if (!event.target.form.matches("[data-no-search]") && input.value.trim()) input.form.requestSubmit();
}

const KEYS = { ArrowDown: () => step(1), ArrowUp: () => step(-1), Enter: enter };

function start() {
  input.addEventListener("input", (event) => {
    clearTimeout(timer);
    if (composing(event)) return;
    mark(null);
    filterPages();
    timer = setTimeout(search, WAIT);
  });
  input.addEventListener("compositionend", () => {
    filterPages();
    timer = setTimeout(search, WAIT);
  });
  input.addEventListener("keydown", (event) => {
    if (composing(event) || !KEYS[event.key] || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    KEYS[event.key](event);
  });
  dialog.addEventListener("htmx:afterSettle", () => {
    filterPages();
    // An answer to an earlier text marks nothing that Enter would open.
    if (asked === input.value) first();
  });
  dialog.addEventListener("close", () => clearTimeout(timer));
  document.addEventListener("palette:open", (event) => openPalette() && event.preventDefault());
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-palette-open]") && openPalette()) event.preventDefault();
  });
  remember(location.pathname);
}

if (dialog) start();
