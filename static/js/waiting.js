// How much waits for this person, beside "Approvals" in the navigation: asked for once a minute at most.
const EVERY = 60000;
const places = document.querySelectorAll("[data-waiting]");
const key = `waiting:${document.body.dataset.person ?? ""}`;

function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(key));
  } catch {
    return null;
  }
}

function show(count) {
  for (const place of places) {
    place.textContent = count;
    place.hidden = !count;
  }
}

function keep(count) {
  try {
    sessionStorage.setItem(key, JSON.stringify({ at: Date.now(), count }));
  } catch {
    // Then it is asked for on every page.
  }
  show(count);
}

async function ask() {
  const url = places[0]?.dataset.waiting;
  if (!url) return;
  const answer = await fetch(url, { credentials: "same-origin" }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  keep((await answer.json()).count);
}

if (places.length) {
  // The inbox itself has just counted.
  const now = document.querySelector("[data-waiting-now]");
  const known = kept();
  if (now) keep(Number(now.dataset.waitingNow));
  else if (known && Date.now() - known.at < EVERY) show(known.count);
  else ask();
  document.body.addEventListener("approvals-changed", ask);
}
