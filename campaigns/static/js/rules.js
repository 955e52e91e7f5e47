// Picking conditions instead of typing them: adds one to the rule's text, which stays the truth.
document.addEventListener("DOMContentLoaded", () => {
  const picker = document.querySelector("[data-rule-picker]");
  const rule = document.querySelector("textarea[name=rule]");
  if (!picker || !rule) return;
  const fields = JSON.parse(picker.dataset.fields);
  const [field, op, value] = ["field", "op", "value"].map((name) => document.getElementById(`pick-${name}`));
  picker.hidden = false;

  const bare = (text) => /^(\d{4}-\d\d-\d\d|\d\d-\d\d|[+-]\d{1,5}[dw]|today)$/.test(text);
  const quoted = (text) => (bare(text) ? text : `"${text.replace(/\\/g, "\\\\").replace(/"/g, '\\"')}"`);

  function offer() {
    for (const option of op.options) {
      option.hidden = option.disabled = !fields[field.value].includes(option.value);
    }
    if (op.selectedOptions[0].disabled) op.value = fields[field.value][0];
    const known = document.getElementById(`known-${field.value}`);
    value.setAttribute("list", known ? known.id : "");
    value.disabled = op.value.startsWith("is");
  }

  function condition() {
    if (op.value.startsWith("is")) return `${field.value} ${op.value}`;
    if (!value.value.trim()) return "";
    const between = op.value === ":" ? ":" : ` ${op.value} `;
    return `${field.value}${between}${quoted(value.value.trim())}`;
  }

  function add(join) {
    const added = condition();
    if (!added) {
      value.focus();
      return;
    }
    const old = rule.value.trim();
    if (!old) rule.value = join === "and not" ? `not ${added}` : added;
    else rule.value = join === "or" || !/\bor\b/.test(old) ? `${old} ${join} ${added}` : `(${old}) ${join} ${added}`;
    value.value = "";
    rule.dispatchEvent(new Event("rule-added"));
  }

  field.addEventListener("change", offer);
  op.addEventListener("change", offer);
  value.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    add("and");
  });
  for (const button of picker.querySelectorAll("[data-add]")) {
    button.addEventListener("click", () => add(button.dataset.add));
  }
  offer();
});
