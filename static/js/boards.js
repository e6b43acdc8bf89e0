// A board's parts dragged into another order; the buttons beside each do the same without a mouse (lists.js).
const list = document.querySelector("[data-sortable]");
let dragged = null;

list?.addEventListener("dragstart", (event) => {
  dragged = event.target.closest("li");
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", "");
  dragged.classList.add("is-moving");
});

list?.addEventListener("dragover", (event) => {
  const over = event.target.closest("li");
  if (!dragged || !over) return;
  event.preventDefault();
  if (over === dragged) return;
  const box = over.getBoundingClientRect();
  if (event.clientY < box.top + box.height / 2) over.before(dragged);
  else over.after(dragged);
});

list?.addEventListener("dragend", () => {
  dragged?.classList.remove("is-moving");
  dragged = null;
});
