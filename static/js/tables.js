// Lists: a click anywhere on a row opens it; a shortened amount is copied in full.

document.addEventListener("click", (event) => {
  const row = event.target.closest("tr[data-href]");
  if (!row || event.target.closest("a, button, input, label, select, summary") || String(getSelection())) return;
  if (event.ctrlKey || event.metaKey) window.open(row.dataset.href, "_blank", "noopener");
  else location.assign(row.dataset.href);
});

const oneLine = (node) => node.textContent.replace(/\s+/g, " ").trim();

// Rows become lines and cells columns, as a spreadsheet takes them.
function asText(copied) {
  const rows = [...copied.querySelectorAll("tr")];
  if (!rows.length) return oneLine(copied);
  return rows.map((row) => [...row.cells].map(oneLine).join("\t")).join("\n");
}

document.addEventListener("copy", (event) => {
  const selection = getSelection();
  if (!selection.rangeCount || selection.isCollapsed) return;
  const range = selection.getRangeAt(0);
  const node = range.commonAncestorContainer;
  const single = (node.nodeType === Node.TEXT_NODE ? node.parentElement : node).closest("[data-exact]");
  const copied = range.cloneContents();
  const shortened = copied.querySelectorAll("[data-exact]");
  if (!single && !shortened.length) return;
  for (const amount of shortened) amount.textContent = amount.dataset.exact;
  event.clipboardData.setData("text/plain", single ? single.dataset.exact : asText(copied));
  event.preventDefault();
});
