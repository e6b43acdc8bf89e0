// Which groups of the navigation stand open, kept for each person on this device. A plain script right behind the
// navigation: it runs before the first paint, so that nothing is seen to jump.
(() => {
  const key = `nav:${document.body.dataset.person ?? ""}`;

  function chosen() {
    try {
      return JSON.parse(localStorage.getItem(key)) ?? {};
    } catch {
      return {};
    }
  }

  function keep(fold, open) {
    try {
      localStorage.setItem(key, JSON.stringify({ ...chosen(), [fold]: open }));
    } catch {
      // Then the group of the page is open, and no other.
    }
  }

  function apply() {
    const known = chosen();
    for (const group of document.querySelectorAll("details[data-fold]")) {
      // Where the person is stays in sight.
      group.open = Boolean(group.querySelector("[aria-current]")) || (known[group.dataset.fold] ?? group.open);
    }
  }

  document.addEventListener("click", (event) => {
    const group = event.target.closest("[data-fold] > summary")?.parentElement;
    // A click comes before what it does.
    if (group) keep(group.dataset.fold, !group.open);
  });
  // The one at the foot of a phone comes later in the page.
  document.addEventListener("DOMContentLoaded", apply);
  apply();
  document.querySelector(".side-nav [aria-current]")?.scrollIntoView({ block: "nearest" });
})();
