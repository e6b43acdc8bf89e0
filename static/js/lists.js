// Lists: rows ticked over several pages, and the columns chosen in a dialog. Without scripts both are plain forms.
import { composing } from "./keys.js";

const store = {
  read(key) {
    try {
      return JSON.parse(sessionStorage.getItem(key)) ?? [];
    } catch {
      return [];
    }
  },
  write(key, numbers) {
    try {
      if (numbers.length) sessionStorage.setItem(key, JSON.stringify(numbers));
      else sessionStorage.removeItem(key);
    } catch {
      // Private windows may refuse; the page itself still knows.
    }
  },
};

const boxesOf = (form) => [...document.querySelectorAll(`input[name="selected"][form="${form.id}"]`)];
const formOf = () => document.querySelector("form[data-bulk]");
let chosen = new Set();
let last = null;

function show(form) {
  const boxes = boxesOf(form);
  const all = form.querySelector("[data-bulk-all]");
  const ticked = boxes.filter((box) => box.checked).length;
  const page = document.querySelector("[data-select-page]");
  for (const box of boxes) {
    box.disabled = all.checked;
    box.closest("tr").toggleAttribute("data-selected", all.checked || box.checked);
  }
  if (page) {
    page.disabled = all.checked;
    page.checked = all.checked || (ticked > 0 && ticked === boxes.length);
    page.indeterminate = !all.checked && ticked > 0 && ticked < boxes.length;
  }
  const count = form.querySelector("[data-bulk-count]");
  count.textContent = count.dataset.bulkCount.replace("#", all.checked ? all.dataset.bulkAll : chosen.size);
  count.hidden = false;
  form.querySelector("[data-bulk-clear]").hidden = false;
  form.hidden = !all.checked && chosen.size === 0;
}

function remember(form) {
  for (const box of boxesOf(form)) {
    if (box.checked) chosen.add(box.value);
    else chosen.delete(box.value);
  }
  store.write(`rows:${form.dataset.bulk}`, [...chosen]);
  show(form);
}

function start() {
  const form = formOf();
  if (!form) return;
  chosen = new Set(store.read(`rows:${form.dataset.bulk}`));
  for (const box of boxesOf(form)) box.checked = chosen.has(box.value);
  show(form);
}

// From the box ticked before to this one, all get its state.
function tickRange(form, box) {
  const boxes = boxesOf(form);
  const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
  if (from >= 0) for (const between of boxes.slice(from, to + 1)) between.checked = box.checked;
}

document.addEventListener("click", (event) => {
  const form = formOf();
  if (!form) return;
  const box = event.target.closest?.(`input[name="selected"][form="${form.id}"]`);
  if (box) {
    if (event.shiftKey && last) tickRange(form, box);
    last = box;
    remember(form);
  } else if (event.target.closest("[data-bulk-clear]")) {
    form.querySelector("[data-bulk-all]").checked = false;
    for (const one of boxesOf(form)) one.checked = false;
    chosen.clear();
    remember(form);
    document.querySelector("[data-select-page]")?.focus();
  }
});

document.addEventListener("change", (event) => {
  const form = formOf();
  if (!form) return;
  if (event.target.matches("[data-select-page]")) {
    for (const box of boxesOf(form)) box.checked = event.target.checked;
    remember(form);
  } else if (event.target.matches("[data-bulk-all]")) {
    show(form);
  }
});

document.addEventListener("keydown", (event) => {
  if (composing(event) || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key !== "x" || event.target.matches("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
  const form = formOf();
  const box = event.target.closest("tr")?.querySelector('input[name="selected"]');
  if (!form || !box || box.disabled) return;
  event.preventDefault();
  box.click();
});

// What is ticked on other pages goes along, unless everything that matches does.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-bulk]")) return;
  for (const old of form.querySelectorAll('input[type="hidden"][name="selected"]')) old.remove();
  if (form.querySelector("[data-bulk-all]").checked) return;
  const here = new Set(boxesOf(form).map((box) => box.value));
  for (const number of chosen) {
    if (here.has(number)) continue;
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: "selected", value: number });
    form.append(field);
  }
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-move]");
  if (!button) return;
  const row = button.closest("li");
  const other = button.dataset.move === "up" ? row.previousElementSibling : row.nextElementSibling;
  // What stays has no buttons, and nothing goes above it.
  if (!other?.querySelector("[data-move]")) return;
  if (button.dataset.move === "up") other.before(row);
  else other.after(row);
  button.focus();
});

// One short word for the address in place of one a column.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-columns]")) return;
  const boxes = [...form.querySelectorAll('input[type="checkbox"][name="columns"]')];
  const keys = boxes.filter((box) => box.checked && !box.disabled).map((box) => box.value);
  const field = document.createElement("input");
  Object.assign(field, { type: "hidden", name: "columns", value: keys.join(",") });
  const changed = boxes.filter((box) => !box.disabled);
  for (const box of changed) box.disabled = true;
  if (keys.length) form.append(field);
  setTimeout(() => {
    field.remove();
    for (const box of changed) box.disabled = false;
  });
});

start();
window.addEventListener("pageshow", (event) => event.persisted && start());
document.addEventListener("htmx:load", (event) => event.detail.elt.querySelector?.("form[data-bulk]") && start());
