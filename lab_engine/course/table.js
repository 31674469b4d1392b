
// ---- a table of choices, a row each (this file is joined to card.js)

function table(model, el) {
  const spec = model.get("spec");
  const ask = words("div", spec.ask, { id: unique(), className: "card-ask" });
  const grid = element("table", { className: "card-table" });
  grid.setAttribute("aria-labelledby", ask.id);
  const head = grid.createTHead().insertRow();
  for (const name of ["what you want", "who does it", "what came of it"]) {
    head.append(element("th", { textContent: name, scope: "col" }));
  }
  const body = grid.createTBody();
  const rows = spec.rows.map((row) => tableRow(model, body, row, spec.options));
  el.append(label(spec.label), ask, grid);
  el.addEventListener("lab-onward", () => rows.forEach((row) => row.commit()));
  return () => rows.forEach((row) => row.show(model.get("state").rows[row.key]));
}

// One row: choosing does not commit yet, since arrow keys pass by other options on their way.
function tableRow(model, body, { key, ask, slot }, options) {
  const node = body.insertRow();
  const name = element("th", { scope: "row", id: unique() });
  name.append(words("span", ask));
  const select = control("select", {});
  select.setAttribute("aria-labelledby", name.id);
  select.append(element("option", { value: "", textContent: "choose …" }));
  for (const option of options) select.append(element("option", { value: option, textContent: option }));
  const button = control("button", { type: "button", textContent: "Commit", disabled: true });
  button.setAttribute("aria-label", `Commit: ${ask}`);
  const said = status();
  const [middle, last] = [element("td"), element("td")];
  middle.append(select, button);
  last.append(said);
  node.append(name, middle, last);

  let pending = null;
  const commit = () => {
    if (!select.value || select.disabled) return;
    pending = { value: select.value, at: Date.now() };
    remember(slot, pending);
    model.set("committed", { ...model.get("committed"), [key]: pending });
    model.save_changes();
    show(model.get("state").rows[key]);
  };
  select.addEventListener("change", () => (button.disabled = !select.value));
  select.addEventListener("keydown", (event) => event.key === "Enter" && !event.shiftKey && commit());
  button.addEventListener("click", commit);

  const show = (state) => {
    if (pending && state.heard === pending.at) pending = null;
    const mine = pending ? pending.value : state.said ?? null;
    const closed = pending !== null || state.locked;
    const lines = pending ? [`You said “${pending.value}”.`] : [...(state.lines ?? [])];
    if (!pending && state.note) lines.push(state.note);
    if (closed && document.activeElement === button) said.focus();
    if (mine !== null) select.value = mine;
    select.disabled = button.hidden = closed;
    node.classList.toggle("card-right", !pending && state.right === true);
    node.classList.toggle("card-wrong", !pending && state.right === false);
    fill(said, lines);
  };
  return { key, commit, show };
}

// What the browser kept of rows that the kernel knows nothing of.
function restoreRows(model) {
  const { rows } = model.get("state");
  const pairs = model.get("spec").rows.map((row) => [row.key, unheard(row, rows[row.key])]);
  const kept = pairs.filter(([, each]) => each);
  if (!kept.length) return;
  model.set("committed", Object.fromEntries(kept));
  model.save_changes();
}
