// The manners of every signed-in page: search key, list keys, drawer, confirmations, one press is one press.
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const token = $('meta[name="csrf-token"]')?.content ?? "";

  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRFToken"] = token;
  });

  // ---- keys: "/" searches, j and k walk a list, Enter opens (it is a link) ----
  const typing = (target) => target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], dialog[open]");
  const walk = (step) => {
    const doors = $$("main table tbody tr").map((row) => $("a[href]", row)).filter((door) => door?.offsetParent);
    if (!doors.length) return;
    const here = doors.findIndex((door) => door.closest("tr").contains(document.activeElement));
    const next = here < 0 ? (step > 0 ? 0 : doors.length - 1) : here + step;
    doors[Math.max(0, Math.min(doors.length - 1, next))].focus();
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeSide();
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (event.key === "/") {
      const search = $("[data-search-key]");
      if (search) { event.preventDefault(); search.focus(); search.select(); }
    } else if (event.key === "j") walk(1);
    else if (event.key === "k") walk(-1);
  });

  // ---- the drawer on small screens ----
  const opener = () => $("[data-side-open]");
  function closeSide() {
    if (!document.body.classList.contains("side-open")) return;
    document.body.classList.remove("side-open");
    $(".shell-main").inert = false;
    opener()?.setAttribute("aria-expanded", "false");
    opener()?.focus();
  }
  const openSide = () => {
    document.body.classList.add("side-open");
    opener().setAttribute("aria-expanded", "true");
    $(".shell-main").inert = true;
    ($(".side-link[aria-current]") ?? $(".side-link"))?.focus();
  };

  document.addEventListener("click", (event) => {
    const hit = (selector) => event.target.closest?.(selector);
    if (hit("[data-side-open]")) document.body.classList.contains("side-open") ? closeSide() : openSide();
    else if (hit("[data-side-close]")) closeSide();
    else if (hit("[data-theme-toggle]")) window.toggleTheme();
    else if (hit("[data-note-close]")) hit("[data-note]")?.remove();
    else if (hit("[data-copy]")) copy(hit("[data-copy]"));
    else if (hit("a[data-confirm]") && !confirmed.has(hit("a[data-confirm]"))) {
      event.preventDefault();
      ask(hit("a[data-confirm]"), (link) => link.click());
    }
  });

  const copy = async (button) => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.setAttribute("data-copied", "");
    setTimeout(() => button.removeAttribute("data-copied"), 1500);
  };

  // ---- asking before what cannot be taken back ----
  const confirmed = new WeakSet();
  const ask = (element, then) => {
    const dialog = $("#confirm");
    const yes = $("[data-confirm-yes]", dialog);
    const { confirm, confirmYes, confirmDanger } = element.dataset;
    $("#confirm-text").textContent = confirm;
    yes.textContent = confirmYes || yes.dataset.default;
    yes.className = `btn ${confirmDanger === undefined ? "btn-primary" : "btn-danger"}`;
    dialog.returnValue = "";
    dialog.onclose = () => {
      if (dialog.returnValue !== "yes") return;
      confirmed.add(element);
      then(element);
      confirmed.delete(element);
    };
    dialog.showModal();
  };

  // ---- forms: confirm first, and a second press within a moment does nothing ----
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const submitter = event.submitter;
    const asking = submitter?.dataset.confirm ? submitter : form.dataset.confirm ? form : null;
    if (asking && !confirmed.has(asking)) {
      event.preventDefault();
      ask(asking, () => form.requestSubmit(submitter));
      return;
    }
    if (form.method !== "post") return;
    if (form.dataset.busy) { event.preventDefault(); return; }
    form.dataset.busy = "yes";
    submitter?.setAttribute("aria-busy", "true");
    setTimeout(() => release(form), 4000);
  });
  const release = (form) => {
    delete form.dataset.busy;
    $$("[aria-busy]", form).forEach((button) => button.removeAttribute("aria-busy"));
  };
  window.addEventListener("pageshow", () => $$("form[data-busy]").forEach(release));

  // ---- ticking rows: [data-check-all] ticks every [data-check]; a [data-bulk-bar] shows what is ticked ----
  const count = (root) => {
    const boxes = $$("[data-check]", root);
    const ticked = boxes.filter((box) => box.checked).length;
    const all = $("[data-check-all]", root);
    if (all) { all.checked = ticked > 0 && ticked === boxes.length; all.indeterminate = ticked > 0 && ticked < boxes.length; }
    $$("[data-bulk-bar]", root).forEach((bar) => { bar.hidden = ticked === 0; });
    $$("[data-bulk-count]", root).forEach((place) => { place.textContent = ticked; });
  };
  document.addEventListener("change", (event) => {
    const root = event.target.closest("[data-bulk]");
    if (root && event.target.matches("[data-check-all]")) {
      $$("[data-check]", root).forEach((box) => { box.checked = event.target.checked; });
    }
    if (root) count(root);
    showWhen();
    if (event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
  });
  $$("[data-bulk]").forEach(count);

  // ---- the open tab is in sight ----
  $$(".tabs [aria-current]").forEach((tab) => {
    const bar = tab.closest(".tabs");
    bar.scrollLeft = tab.offsetLeft - (bar.clientWidth - tab.offsetWidth) / 2;
  });

  // ---- what scrolls sideways can be reached by keyboard ----
  const reachable = new ResizeObserver((entries) => entries.forEach(({ target }) => {
    if (target.scrollWidth <= target.clientWidth) { target.removeAttribute("tabindex"); target.removeAttribute("role"); return; }
    const heading = target.closest("section, .card, main")?.querySelector("h2, h1")?.textContent.trim() ?? "";
    target.tabIndex = 0;
    target.setAttribute("role", "region");
    target.setAttribute("aria-label", heading);
  }));
  const watchScrolling = (root) => $$(".table-responsive:not([tabindex]), pre:not([tabindex])", root).forEach((part) => reachable.observe(part));
  watchScrolling(document);

  // ---- the browser knows where its person is ----
  $$("[data-own-timezone]").forEach((input) => {
    input.value = Intl.DateTimeFormat().resolvedOptions().timeZone || input.value;
  });

  // ---- data-shown-when="name=value": a field that only one answer asks for ----
  function showWhen() {
    $$("[data-shown-when]").forEach((part) => {
      const [name, ...values] = part.dataset.shownWhen.split("=").flatMap((bit) => bit.split("|"));
      const form = part.closest("form");
      part.hidden = !values.includes(new FormData(form).get(name) ?? "");
    });
  }
  showWhen();
  document.addEventListener("htmx:load", (event) => {
    showWhen();
    watchScrolling(event.target);
    $$("[data-bulk]", event.target).forEach(count);
  });
})();
