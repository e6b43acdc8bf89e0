// Runs before the first paint (a plain script in <head>), so that a dark screen never flashes white.
(() => {
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  function choice() {
    const found = document.cookie.match(/(?:^|; )theme=(light|dark|system)/);
    return found ? found[1] : "system";
  }

  function apply() {
    const wanted = choice();
    root.dataset.themeChoice = wanted;
    wear(wanted === "system" ? (dark.matches ? "dark" : "light") : wanted);
  }

  function wear(theme) {
    if (root.dataset.bsTheme === theme) return;
    root.dataset.bsTheme = theme;
    document.dispatchEvent(new CustomEvent("theme:changed", { detail: theme }));
  }

  dark.addEventListener("change", apply);
  // Paper is white, and so must be what the charts draw.
  window.addEventListener("beforeprint", () => wear("light"));
  window.addEventListener("afterprint", apply);
  document.addEventListener("theme:choose", (event) => {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `theme=${event.detail}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
    apply();
  });
  apply();
})();
