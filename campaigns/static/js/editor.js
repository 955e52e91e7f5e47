// The template editor: line numbers, inserting merge fields, going to the line that a problem names.
(() => {
  const source = document.querySelector("[data-source] textarea");
  const lines = document.querySelector("[data-lines]");
  if (!source) return;

  // ---- line numbers, beside the text and scrolled with it ----
  let shown = 0;
  const number = () => {
    const count = source.value.split("\n").length;
    if (count !== shown) lines.textContent = Array.from({ length: count }, (_, at) => at + 1).join("\n");
    shown = count;
    lines.scrollTop = source.scrollTop;
  };
  source.addEventListener("input", number);
  source.addEventListener("scroll", () => { lines.scrollTop = source.scrollTop; });
  new ResizeObserver(() => {
    lines.style.top = `${source.offsetTop + 1}px`;
    lines.style.height = `${source.clientHeight}px`;
    number();
  }).observe(source);
  const kind = document.getElementById("f-kind");
  const dress = () => source.closest("[data-source]").classList.toggle("prose-source", kind.value === "markdown");
  kind.addEventListener("change", dress);
  dress();
  number();

  // ---- merge fields go where the person was writing last ----
  let last = source;
  document.addEventListener("focusin", (event) => {
    if (event.target.matches("[data-takes-fields]")) last = event.target;
  });
  const picker = document.querySelector("[data-field-picker]");
  const picked = picker.querySelector("[data-picked]");
  const fallback = picker.querySelector("[data-fallback-text]");
  picked.addEventListener("change", (event) => {
    fallback.value = picked.selectedOptions[0].dataset.fallback;
    event.stopPropagation();
  });
  for (const control of [picked, fallback]) {
    for (const kind of ["input", "change"]) control.addEventListener(kind, (event) => event.stopPropagation());
  }
  fallback.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    insert();
  });
  const insert = () => {
    const words = fallback.value.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
    last.setRangeText(`{{ ${picked.value}${words ? `|default("${words}")` : ""} }}`, last.selectionStart, last.selectionEnd, "end");
    last.focus();
    last.dispatchEvent(new Event("input", { bubbles: true }));
  };
  picker.querySelector("[data-insert-field]").addEventListener("click", insert);

  // ---- a problem names a line: go there ----
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-goto-line]");
    if (!button) return;
    const field = document.getElementById(`f-${button.dataset.gotoField}`) ?? source;
    const before = field.value.split("\n").slice(0, Number(button.dataset.gotoLine) - 1);
    const start = before.reduce((sum, line) => sum + line.length + 1, 0);
    const end = field.value.indexOf("\n", start);
    field.focus();
    field.setSelectionRange(start, end < 0 ? field.value.length : end);
    if (field === source) {
      const height = parseFloat(getComputedStyle(source).lineHeight);
      source.scrollTop = Math.max(0, (before.length - 4) * height);
    }
  });
})();
