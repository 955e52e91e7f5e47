// Alpine components by name (the CSP build takes no inline code); a room adds its own file in the "scripts" block.
document.addEventListener("alpine:init", () => {
  // x-data="toggle": something that opens and closes.
  window.Alpine.data("toggle", () => ({
    open: false,
    flip() { this.open = !this.open; },
    close() { this.open = false; },
  }));
});
