// A contact's page: days at one press, forms that open where one types, panels that keep the place.
(() => {
  // Filters stand open where there is room.
  if (window.matchMedia("(min-width: 48rem)").matches) {
    document.querySelectorAll("[data-open-when-wide]").forEach((part) => { part.open = true; });
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-fill]");
    if (button) document.getElementById(button.dataset.fill).value = button.dataset.value;
  });
  // Opening a small form goes to its first field; the others of its panel close.
  document.addEventListener("toggle", (event) => {
    const opened = event.target;
    if (!opened.open || !opened.matches?.("details.quick, details.label-add")) return;
    opened.closest(".card-body")?.querySelectorAll("details.quick[open], details.label-add[open]").forEach((other) => {
      if (other !== opened) other.open = false;
    });
    if (opened.contains(document.activeElement)) opened.querySelector("textarea, input:not([type=hidden]), select")?.focus();
  }, true);
  // A panel that was replaced says so by its first word or question.
  document.addEventListener("htmx:afterSettle", (event) => {
    event.target.querySelector?.("[autofocus], .is-invalid")?.focus();
  });
})();
