// Forms: one submit only, focus on what is wrong, a question before unsaved typing is left.
// The server has its own guard against a second submit; this one spares people the wait and the doubt.

const LONGEST = 15000;
const sent = new WeakSet();
const changed = new Set();

function hold(form) {
  sent.add(form);
  form.setAttribute("aria-busy", "true");
  // A file that is sent back does not leave the page, so that nothing else would end the wait.
  setTimeout(() => release(form), "download" in form.dataset ? 2000 : LONGEST);
}

function release(form) {
  sent.delete(form);
  form.removeAttribute("aria-busy");
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || form.matches("[hx-post], [hx-put], [hx-patch], [hx-delete]")) return;
  if (sent.has(form)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  changed.delete(form);
  // After the other listeners, one of which may have stopped this submit.
  setTimeout(() => event.defaultPrevented || hold(form));
}, true);

document.addEventListener("htmx:beforeRequest", (event) => {
  const form = event.detail.elt;
  if (form.tagName !== "FORM" || form.method !== "post") return;
  if (sent.has(form)) event.preventDefault();
  else hold(form);
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt;
  if (!sent.has(form)) return;
  release(form);
  if (event.detail.successful) changed.delete(form);
});
// Coming back from the browser's page cache, a form may be sent again.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[aria-busy]").forEach(release);
});

document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-confirm-leave]");
  if (form) changed.add(form);
});
window.addEventListener("beforeunload", (event) => {
  if ([...changed].some((form) => form.isConnected)) event.preventDefault();
});

document.addEventListener("click", (event) => {
  const toggle = event.target.closest("[data-toggle]");
  if (!toggle) return;
  const isClosed = document.getElementById(toggle.dataset.toggle).toggleAttribute("data-collapsed");
  toggle.setAttribute("aria-expanded", String(!isClosed));
});

function showErrors(root) {
  root.querySelector("form:not([data-sample]) .form-summary")?.focus();
}
showErrors(document);
document.addEventListener("htmx:load", (event) => showErrors(event.detail.elt));
