// The question to ask next: Alt-Q goes to it, number keys answer, 0 is "does not want to say", Esc goes back.
import { composing } from "./keys.js";

const question = () => document.querySelector("[data-ask]");

function enter() {
  const ask = question();
  const first = ask?.querySelector("[data-ask-first]") ?? ask?.querySelector("input:not([type=hidden])") ?? ask?.querySelector("button");
  first?.focus();
  return Boolean(first);
}

function leave() {
  document.activeElement?.blur();
  document.dispatchEvent(new CustomEvent("ask:left"));
  return true;
}

function answer(event, ask) {
  if (event.target.matches("input, select, textarea")) return false;
  const button = ask.querySelector(`[data-ask-key="${event.key}"]`);
  button?.click();
  return Boolean(button);
}

function handled(event) {
  if (event.ctrlKey || event.metaKey) return false;
  if (event.altKey) return event.key.toLowerCase() === "q" && enter();
  const ask = event.target.closest?.("[data-ask]");
  if (!ask) return false;
  if (event.key === "Escape") return leave();
  return /^[0-9]$/.test(event.key) && answer(event, ask);
}

// Before the page's own keys: inside the question they mean something else.
document.addEventListener(
  "keydown",
  (event) => {
    if (!composing(event) && handled(event)) event.preventDefault();
  },
  true,
);

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.closest?.("[data-ask-done]")) document.dispatchEvent(new CustomEvent("ask:left"));
});
