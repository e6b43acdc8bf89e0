// The bell asks for news once a minute at most, and only while somebody looks at the page.
const EVERY = 60000;
let asked = Date.now();

function ask() {
  const bell = document.getElementById("bell");
  if (!bell || !window.htmx || document.visibilityState !== "visible" || Date.now() - asked < EVERY) return;
  asked = Date.now();
  window.htmx.trigger(bell, "bell:refresh");
}

setInterval(ask, EVERY / 4);
document.addEventListener("visibilitychange", ask);
