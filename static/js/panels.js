// Menus, dialogs, tabs and messages.

const menus = () => document.querySelectorAll("details.menu[open]");

document.addEventListener("click", (event) => {
  for (const menu of menus()) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  const opener = event.target.closest("[data-dialog-open]");
  if (opener) {
    document.getElementById(opener.dataset.dialogOpen)?.showModal();
    opener.closest("details.menu")?.removeAttribute("open");
  }
  const closer = event.target.closest("[data-dialog-close]");
  if (closer) closer.closest("dialog").close();
  // A click on the backdrop hits the dialog itself, never a child.
  if (event.target.matches("dialog.dialog")) event.target.close();
  event.target.closest("[data-dismiss]")?.closest(".alert").remove();
  if (event.target.closest("[data-print]")) window.print();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const menu of menus()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  }
  const tab = event.target.closest?.('[role="tab"]');
  if (tab) moveTab(event, tab);
});

function moveTab(event, tab) {
  const tabs = [...tab.parentElement.querySelectorAll('[role="tab"]')];
  const at = tabs.indexOf(tab);
  const target = { ArrowRight: tabs[at + 1] ?? tabs[0], ArrowLeft: tabs.at(at - 1), Home: tabs[0], End: tabs.at(-1) }[event.key];
  if (!target) return;
  event.preventDefault();
  target.focus();
  target.click();
}

// The chosen tab is known before its fragment arrives.
document.addEventListener("click", (event) => {
  const tab = event.target.closest('[role="tab"]');
  if (!tab || event.ctrlKey || event.metaKey) return;
  for (const other of tab.parentElement.querySelectorAll('[role="tab"]')) {
    other.setAttribute("aria-selected", String(other === tab));
    other.tabIndex = other === tab ? 0 : -1;
  }
  document.getElementById(tab.getAttribute("aria-controls"))?.setAttribute("aria-labelledby", tab.id);
});

// On a phone the tabs are wider than the page: the open one stands in sight.
for (const tab of document.querySelectorAll('.tabs [aria-selected="true"]')) {
  const bar = tab.parentElement;
  bar.scrollLeft = tab.offsetLeft - bar.offsetLeft - (bar.clientWidth - tab.offsetWidth) / 2;
}
