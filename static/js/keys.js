// Keyboard: "/" and Ctrl-K open the palette, "?" the sheet, Ctrl-Enter saves, Enter walks a counter form.

// While an input method is composing, every key belongs to it (Safari and old Chromium only say so by 229).
export function composing(event) {
  return event.isComposing || event.keyCode === 229;
}

function typing(target) {
  return target.isContentEditable || target.matches('textarea, select, input:not([type="radio"], [type="checkbox"])');
}

function focusSearch() {
  const box = document.querySelector("[data-search]");
  if (!box) return false;
  box.focus();
  box.select();
  return true;
}

// The palette answers the event by preventing it; a page without one has its search box.
function find() {
  return !document.dispatchEvent(new CustomEvent("palette:open", { cancelable: true })) || focusSearch();
}

function openSheet() {
  const sheet = document.getElementById("shortcuts");
  if (!sheet || sheet.open) return false;
  sheet.showModal();
  return true;
}

function submitFrom(target) {
  const form = target.closest("form");
  if (!form || form.method !== "post") return false;
  form.requestSubmit();
  return true;
}

function walk(event) {
  const form = event.target.closest("form[data-enter-next]");
  if (!form || event.target.matches("textarea, button, [type=submit]")) return false;
  const fields = [...form.elements].filter((el) => el.matches("input:not([type=hidden]), select, textarea") && !el.disabled);
  const next = fields[fields.indexOf(event.target) + 1];
  if (next) next.focus();
  else form.requestSubmit();
  return true;
}

function press(selector) {
  const target = document.querySelector(selector);
  if (!target) return false;
  target.click();
  return true;
}

function handled(event) {
  const command = event.ctrlKey || event.metaKey;
  if (command && event.key === "Enter") return submitFrom(event.target);
  if (command && !event.shiftKey && event.key.toLowerCase() === "k") return find();
  if (event.altKey && /^[a-z]$/i.test(event.key)) return press(`[data-shortcut="${event.key.toLowerCase()}"]`);
  if (command || event.altKey) return false;
  if (event.key === "Enter") return walk(event);
  if (typing(event.target)) return false;
  if (event.key === "/") return find();
  if (event.key === "?" || event.key === "？") return openSheet();
  return false;
}

document.addEventListener("keydown", (event) => {
  if (composing(event) || event.defaultPrevented) return;
  if (event.key === "Escape" && event.target.matches?.("[data-search]")) event.target.blur();
  if (handled(event)) event.preventDefault();
});
