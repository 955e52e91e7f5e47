// Building a rule of rows and groups. The rows and the text are the same tree: whichever is changed, the
// server says it the other way. Without this file the text alone is there.
document.addEventListener("DOMContentLoaded", () => {
  const box = document.querySelector("[data-builder]");
  const rule = document.querySelector("textarea[name=rule]");
  if (!box || !rule) return;
  const { fields, groups, details, lists } = JSON.parse(box.dataset.builder);
  const root = box.querySelector("[data-builder-root]");
  const note = box.querySelector("[data-builder-note]");
  const token = document.querySelector('meta[name="csrf-token"]').content;
  const stamp = (name) => document.getElementById(`builder-${name}`).content.firstElementChild.cloneNode(true);
  const find = (part, name) => part.querySelector(`[data-${name}]`);
  const option = (value, text) => Object.assign(document.createElement("option"), { value, textContent: text });

  for (const [name, known] of Object.entries(lists)) {
    const list = Object.assign(document.createElement("datalist"), { id: `known-${name}` });
    list.append(...known.map(([value, text]) => option(value, text)));
    box.append(list);
  }

  // ---- one value: text, number, one of a few, or a day --------------------
  const DATED = /^([+-])(\d+)([dwmy])$/;

  function showDay(part) {
    const mode = find(part, "mode").value;
    find(part, "number").hidden = !/^[+-]/.test(mode);
    find(part, "day").hidden = mode !== "day";
    find(part, "year").hidden = mode !== "year";
  }

  function dayValue(kind, value) {
    const part = stamp("day");
    const mode = find(part, "mode");
    if (kind === "birthday") {
      for (const unfit of ["-m", "-y"]) mode.querySelector(`[value="${unfit}"]`).remove();
      mode.querySelector("[value=day]").value = "year";
    }
    const found = DATED.exec(value ?? "");
    if (found) {
      const weeks = found[3] === "w";
      mode.value = found[1] === "+" && !"dw".includes(found[3]) ? "+d" : found[1] + (weeks ? "d" : found[3]);
      find(part, "number").value = found[2] * (weeks ? 7 : 1);
      if (found[1] === "+" && "my".includes(found[3])) mode.append(option(`+${found[3]}`, value)), (mode.value = `+${found[3]}`);
    } else if (value === "today") mode.value = "today";
    else if (value) {
      mode.value = kind === "birthday" ? "year" : "day";
      find(part, kind === "birthday" ? "year" : "day").value = value;
    } else if (kind === "birthday") mode.value = "+d", (find(part, "number").value = 7);
    showDay(part);
    return part;
  }

  function valueInput(known, kind, value, list) {
    if (kind === "day" || kind === "birthday") return dayValue(kind, value);
    if (known.choices) {
      const part = stamp("choice");
      const select = find(part, "text");
      select.append(...known.choices.map(([one, text]) => option(one, text)));
      if (value !== undefined && !known.choices.some(([one]) => one === value)) select.append(option(value, value));
      if (value !== undefined) select.value = value;
      return part;
    }
    const part = stamp(kind === "number" || kind === "money" ? "number" : "text");
    find(part, "text").value = value ?? "";
    if (lists[list]) find(part, "text").setAttribute("list", `known-${list}`);
    return part;
  }

  function valueOf(part) {
    const mode = find(part, "mode");
    if (!mode) return find(part, "text").value;
    if (mode.value === "today") return "today";
    if (mode.value === "day" || mode.value === "year") return find(part, mode.value).value;
    const number = find(part, "number").value;
    return number === "" ? "" : mode.value[0] + number + mode.value[1];
  }

  const valuesOf = (part) => [...find(part, "values").querySelectorAll("[data-value]")].map(valueOf);

  // ---- rows ----------------------------------------------------------------
  const nameOf = (tree) => (tree.key && fields[`${tree.field}.${tree.key}`] ? `${tree.field}.${tree.key}` : tree.field);

  function makeRow(tree) {
    const row = stamp("row");
    const field = find(row, "field");
    field.append(document.getElementById("builder-everybody").content.firstElementChild.cloneNode(true));
    for (const [label, names] of groups) {
      const group = Object.assign(document.createElement("optgroup"), { label });
      group.append(...names.map((name) => option(name, fields[name].label)));
      field.append(group);
    }
    const name = tree.everybody ? "" : nameOf(tree);
    if (name && !fields[name]) field.append(option(name, name));
    field.value = name;
    if (tree.key) find(row, "key").value = tree.key;
    if (tree.values?.includes("")) row.dataset.blank = "meant";
    fillOps(row, tree.op);
    fillValues(row, tree.values ?? []);
    for (const one of tree.details ?? []) find(row, "details").append(makeDetail(row, one));
    return row;
  }

  const knownOf = (row) => fields[find(row, "field").value] ?? { kind: "text", ops: [] };

  function fillOps(row, chosen) {
    const known = knownOf(row);
    const op = row.querySelector(".rule-cells [data-op]");
    op.replaceChildren(...known.ops.map(([value, text]) => option(value, text)));
    if (chosen && ![...op.options].some((one) => one.value === chosen)) op.append(option(chosen, chosen));
    if (chosen) op.value = chosen;
    op.hidden = !op.options.length;
    find(row, "key").hidden = !known.ask_key;
  }

  function fillValues(row, given) {
    const known = knownOf(row);
    const op = row.querySelector(".rule-cells [data-op]").value;
    const place = find(row, "values");
    const none = !known.ops.length || op.startsWith("is ");
    const several = op === "in";
    const wanted = none ? [] : several && given.length ? given : [given[0]];
    const list = find(row, "field").value;
    place.replaceChildren(...wanted.map((value) => valueInput(known, known.kind, value, list)));
    if (several) place.append(stamp("another"));
    const more = row.querySelector("[data-act=add-detail]");
    more.hidden = !known.details || op === "is empty" || op === "!=";
    if (more.hidden) find(row, "details").replaceChildren();
  }

  function makeDetail(row, tree) {
    const part = stamp("detail");
    const what = find(part, "what");
    what.append(...knownOf(row).details.map((name) => option(name, details[name][0])));
    what.value = tree.what;
    if (tree.op) find(part, "op").value = tree.op === "=" ? ":" : tree.op;
    fillDetail(part, tree.value);
    return part;
  }

  function fillDetail(part, value) {
    const [, sort, compared] = details[find(part, "what").value];
    find(part, "op").hidden = !compared;
    find(part, "values").replaceChildren(valueInput({}, sort, value, ""));
  }

  function readRow(row) {
    const name = find(row, "field").value;
    if (!name) return { everybody: true };
    const known = knownOf(row);
    const op = row.querySelector(".rule-cells [data-op]").value;
    const tree = { field: known.field ?? name, op, values: valuesOf(row) };
    if (known.field) tree.key = known.ask_key ? find(row, "key").value.trim() : known.key;
    if (!row.dataset.blank) tree.values = tree.values.filter((value) => value !== "");
    if (!op.startsWith("is ") && !tree.values.length) return null;
    if (known.ask_key && !tree.key) return null;
    const more = [...row.querySelectorAll("[data-detail]")].map(readDetail).filter(Boolean);
    if (more.length) tree.details = more;
    return tree;
  }

  function readDetail(part) {
    const what = find(part, "what").value;
    const [value] = valuesOf(part);
    if (!value) return null;
    return details[what][2] ? { what, op: find(part, "op").value, value } : { what, value };
  }

  // ---- groups --------------------------------------------------------------
  function makeGroup(tree) {
    const group = stamp("group");
    const join = ["all", "any", "none"].find((name) => tree[name]) ?? "all";
    find(group, "join").value = join;
    find(group, "parts").append(...(tree[join] ?? []).map(make));
    return group;
  }

  const isGroup = (tree) => tree.all || tree.any || tree.none;
  const make = (tree) => (isGroup(tree) ? makeGroup(tree) : makeRow(tree));

  // Parts that still lack something are left out; `seen` remembers which parts the tree's places are.
  function read(part, seen) {
    if (part.matches("[data-row]")) return readRow(part);
    const inner = [];
    seen.parts = [];
    for (const one of find(part, "parts").children) {
      const below = { part: one };
      const tree = read(one, below);
      if (tree) inner.push(tree), seen.parts.push(below);
    }
    return { [find(part, "join").value]: inner };
  }

  const sorted = (_key, value) => (value?.constructor === Object ? Object.fromEntries(Object.entries(value).sort()) : value);
  const inOrder = (tree) => JSON.stringify(tree, sorted);

  // Whether the rows say all that the tree says; an odd value may not fit into any input.
  function show(tree) {
    const whole = isGroup(tree) ? tree : { all: tree.everybody ? [] : [tree] };
    root.replaceChildren(makeGroup(whole));
    root.firstElementChild.classList.add("rule-whole");
    return inOrder(read(root.firstElementChild, {})) === inOrder(whole);
  }

  // ---- talking to the server -----------------------------------------------
  let asked = 0;
  async function translate(values) {
    const mine = ++asked;
    const body = new URLSearchParams(values);
    const headers = { "X-CSRFToken": token };
    const answer = await fetch(box.dataset.translate, { method: "POST", body, headers });
    const told = answer.ok ? await answer.json() : { problem: "" };
    return mine === asked ? told : null;
  }

  let waiting;
  const soon = (act) => { clearTimeout(waiting); waiting = setTimeout(act, 300); };

  async function fromRows() {
    const seen = {};
    const tree = read(root.firstElementChild, seen);
    const told = await translate({ tree: JSON.stringify(tree) });
    root.querySelectorAll("[data-problem]").forEach((one) => { one.hidden = true; });
    if (!told) return;
    if (told.problem !== undefined) {
      let here = seen;
      for (const place of told.path ?? []) here = here?.parts?.[place];
      const place = here?.part?.querySelector("[data-problem]");
      if (place) Object.assign(place, { hidden: false, textContent: told.problem });
      return;
    }
    rule.value = told.rule === "all" ? "" : told.rule;
    rule.dispatchEvent(new Event("rule-added"));
  }

  async function fromText() {
    const told = await translate({ rule: rule.value });
    if (!told) return;
    const shown = !!told.tree && show(told.tree);
    note.hidden = shown;
    root.hidden = !shown;
  }

  // ---- what people do --------------------------------------------------------
  function changed(target) {
    const detail = target.closest("[data-detail]");
    const row = target.closest("[data-row]");
    if (target.matches("[data-field]")) fillOps(row), fillValues(row, []);
    else if (target.matches("[data-what]")) fillDetail(detail);
    else if (target.matches("[data-mode]")) showDay(target.closest("[data-value]"));
    else if (target.matches("[data-op]") && !detail) fillValues(row, valuesOf(row));
    soon(fromRows);
  }

  const ACTS = {
    "add-row": (part) => addTo(part, makeRow({ field: "category", op: ":", values: [] })),
    "add-group": (part) => addTo(part, makeGroup({ any: [{ field: "category", op: ":", values: [] }] })),
    "add-detail": (part) => {
      const detail = makeDetail(part, { what: "since" });
      find(part, "details").append(detail);
      find(detail, "what").focus();
    },
    "add-value": (part, button) => {
      const known = knownOf(part);
      const value = valueInput(known, known.kind, undefined, find(part, "field").value);
      button.before(value);
      value.querySelector("input, select").focus();
    },
    "remove-detail": (_part, button) => {
      const row = button.closest("[data-row]");
      button.closest("[data-detail]").remove();
      row.querySelector("[data-act=add-detail]").focus();
    },
    remove: (part) => {
      const next = part.nextElementSibling ?? part.previousElementSibling ?? part.parentElement.closest("[data-group]");
      part.remove();
      next?.querySelector("select, button")?.focus();
    },
    up: (part, button) => { part.previousElementSibling?.before(part); button.focus(); },
    down: (part, button) => { part.nextElementSibling?.after(part); button.focus(); },
  };

  function addTo(group, part) {
    find(group, "parts").append(part);
    part.querySelector("select").focus();
  }

  root.addEventListener("input", (event) => changed(event.target));
  root.addEventListener("change", ({ target }) => {
    if (target.matches("input[data-text], [data-key]")) target.value = target.value.trim();
  });
  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-act]");
    if (!button) return;
    ACTS[button.dataset.act](button.closest("[data-row], [data-group]"), button);
    soon(fromRows);
  });
  rule.addEventListener("input", () => soon(fromText));

  box.hidden = false;
  if (!rule.matches(".is-invalid")) document.querySelector("[data-rule-text]")?.removeAttribute("open");
  show({ all: [] });
  fromText();
});
