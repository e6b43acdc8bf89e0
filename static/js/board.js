// The board of complaints: a card is dragged to a lane its own menu leads to. The menu does the same without a mouse.
const dragged = () => document.querySelector("[data-card].is-moving");
const step = (card, lane) => card?.querySelector(`[data-lands="${lane.dataset.lane}"]`);
let moved = "";

function lanes(mark) {
  for (const lane of document.querySelectorAll("[data-lane]")) mark(lane);
}

document.addEventListener("dragstart", (event) => {
  const card = event.target.closest?.("[data-card]");
  if (!card) return;
  event.dataTransfer.setData("text/plain", card.dataset.card);
  event.dataTransfer.effectAllowed = "move";
  card.classList.add("is-moving");
  lanes((lane) => lane.classList.toggle("is-open", Boolean(step(card, lane))));
});

document.addEventListener("dragover", (event) => {
  const lane = event.target.closest?.("[data-lane].is-open");
  lanes((one) => one.classList.toggle("is-over", one === lane));
  if (lane) event.preventDefault();
});

document.addEventListener("drop", (event) => {
  const lane = event.target.closest?.("[data-lane].is-open");
  const found = lane && step(dragged(), lane);
  if (!found) return;
  event.preventDefault();
  if (found instanceof HTMLFormElement) found.requestSubmit();
  else found.click();
});

document.addEventListener("dragend", () => {
  dragged()?.classList.remove("is-moving");
  lanes((lane) => lane.classList.remove("is-open", "is-over"));
});

document.addEventListener("submit", (event) => {
  moved = event.target.closest("[data-card]")?.dataset.card ?? "";
});

// The menu that was used is gone with its card: the focus follows the card.
document.addEventListener("htmx:afterSettle", (event) => {
  if (!moved || event.detail.target?.id !== "board") return;
  document.querySelector(`[data-card="${moved}"] a`)?.focus();
  moved = "";
});
