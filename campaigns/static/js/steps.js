// Shows the steps of a form one after the other; without this they stand below each other.
"use strict";

(() => {
  const form = document.querySelector("form[data-steps]");
  const steps = form ? [...form.querySelectorAll("[data-step]")] : [];
  if (steps.length < 2) return;
  const buttons = form.querySelector(".form-buttons");
  const submit = buttons.querySelector("[type=submit]");
  const button = (label) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "btn btn-plain";
    made.textContent = label;
    return made;
  };
  const back = button(form.dataset.back);
  const next = button(form.dataset.next);
  next.className = "btn btn-primary";
  buttons.prepend(back);
  buttons.insertBefore(next, submit);
  const bar = document.createElement("progress");
  bar.max = steps.length;
  bar.setAttribute("aria-hidden", "true");
  form.prepend(bar);

  let at = Math.max(0, steps.findIndex((step) => step.querySelector(".is-invalid, .invalid-feedback")));
  const show = (focus) => {
    steps.forEach((step, number) => { step.hidden = number !== at; });
    back.hidden = at === 0;
    next.hidden = at === steps.length - 1;
    submit.hidden = !next.hidden;
    bar.value = at + 1;
    if (focus) steps[at].querySelector("input, select, textarea")?.focus();
  };
  const fine = () => [...steps[at].querySelectorAll("input, select, textarea")].every((field) => field.reportValidity());
  next.addEventListener("click", () => { if (fine()) { at += 1; show(true); } });
  back.addEventListener("click", () => { at -= 1; show(true); });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input") && !next.hidden) {
      event.preventDefault();
      next.click();
    }
  });
  // A step that is not shown can't say what is missing in it: it is shown then.
  form.addEventListener("invalid", (event) => {
    const number = steps.findIndex((step) => step.contains(event.target));
    if (number >= 0 && number !== at) { at = number; show(true); }
  }, true);
  show(false);
})();
