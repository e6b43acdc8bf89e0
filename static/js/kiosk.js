// The kiosk at the counter: what one customer typed is gone before the next one looks, and "back" leads nowhere.
const QUIET = 60000;
const THANKS = 8000;
const form = document.querySelector("[data-kiosk]");
const next = document.querySelector("[data-kiosk-next]");
let timer = 0;

function again(address) {
  window.location.replace(address);
}

function wait() {
  clearTimeout(timer);
  timer = setTimeout(() => again(window.location.pathname), QUIET);
}

if (form) {
  form.reset();
  // Only once something was touched: an idle kiosk needs no loading.
  for (const name of ["input", "pointerdown", "keydown"]) document.addEventListener(name, wait);
  // An untouched page from the browser's own memory would show the last customer's words.
  window.addEventListener("pageshow", (event) => event.persisted && again(window.location.pathname));
}
if (next) setTimeout(() => again(next.href), THANKS);

history.pushState(null, "", window.location.href);
window.addEventListener("popstate", () => history.pushState(null, "", window.location.href));
document.addEventListener("contextmenu", (event) => event.preventDefault());

const full = document.querySelector("[data-kiosk-full]");
if (full && document.fullscreenEnabled) {
  full.hidden = Boolean(document.fullscreenElement);
  full.addEventListener("click", () => document.documentElement.requestFullscreen().then(() => { full.hidden = true; }));
}
