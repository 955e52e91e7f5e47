// Files: columns moved up and down, chosen ones taken along to the printed list, and printing.
(() => {
  document.querySelectorAll("[data-moves], [data-print-now]").forEach((part) => { part.hidden = false; });
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-move]");
    if (button) {
      const row = button.closest("li");
      const up = button.dataset.move === "up";
      const other = up ? row.previousElementSibling : row.nextElementSibling;
      if (other) { up ? other.before(row) : other.after(row); button.focus(); }
    }
    if (event.target.closest?.("[data-print-now]")) window.print();
    const link = event.target.closest?.("[data-print]");
    if (link) {
      const address = new URL(link.href);
      address.searchParams.delete("column");
      document.querySelectorAll("input[name=column]:checked").forEach((box) => address.searchParams.append("column", box.value));
      link.href = address;
    }
  });
})();
