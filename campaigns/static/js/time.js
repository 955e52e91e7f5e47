// Turns <time data-when> into the reader's own clock: near times are relative, all carry the full local time.
(() => {
  const page = document.documentElement.lang || "en";
  // The page's language in the reader's own region, so that an English page in Prague shows a 24-hour clock.
  const language = navigator.languages.find((one) => one.split("-")[0] === page.split("-")[0]) ?? page;
  const full = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  const day = new Intl.DateTimeFormat(language, { dateStyle: "medium" });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const steps = [["second", 60], ["minute", 60], ["hour", 24], ["day", 7]];

  const near = (date) => {
    let amount = (date - Date.now()) / 1000;
    if (Math.abs(amount) < 45) return relative.format(0, "second");
    for (const [unit, size] of steps) {
      if (Math.abs(amount) < size) return relative.format(Math.round(amount), unit);
      amount /= size;
    }
    return "";
  };

  const show = (element) => {
    const date = new Date(element.dateTime);
    if (Number.isNaN(date.getTime())) return;
    const soft = near(date);
    element.title = full.format(date);
    element.textContent = element.dataset.when === "full"
      ? full.format(date) + (soft ? ` (${soft})` : "")
      : soft || day.format(date);
  };

  const all = (root) => root.querySelectorAll?.("time[data-when]").forEach(show);
  all(document);
  document.addEventListener("htmx:load", (event) => {
    if (event.target.matches?.("time[data-when]")) show(event.target);
    all(event.target);
  });
  setInterval(() => all(document), 30000);
})();
