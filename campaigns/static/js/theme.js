// Sets light or dark before the first paint; loaded without defer on purpose.
(() => {
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const stored = () => {
    try { return localStorage.getItem("theme"); } catch { return null; }
  };
  const apply = () => {
    const choice = stored();
    const theme = choice === "light" || choice === "dark" ? choice : (dark.matches ? "dark" : "light");
    root.dataset.bsTheme = theme;
    document.dispatchEvent(new CustomEvent("theme-changed", { detail: theme }));
  };
  root.classList.add("js");
  apply();
  dark.addEventListener("change", apply);
  window.addEventListener("storage", (event) => { if (event.key === "theme") apply(); });
  window.toggleTheme = () => {
    const next = root.dataset.bsTheme === "dark" ? "light" : "dark";
    const system = dark.matches ? "dark" : "light";
    try {
      if (next === system) localStorage.removeItem("theme"); else localStorage.setItem("theme", next);
    } catch { root.dataset.bsTheme = next; }
    apply();
  };
})();
