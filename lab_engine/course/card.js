// A lesson's cards: questions, goals, and the box that keeps the answers. Native inputs throughout.
// The kernel says what is to be shown (`state`). It may be busy with other cells or gone, so an
// answer is noted here at once, kept in the browser, and given to the kernel again when it asks anew.

export default { initialize, render };

const PATIENCE_MS = 3000; // then say that the kernel is late

function initialize({ model }) {
  hear(model);
  listenToKeys(); // here: before any picture of a later cell listens, which knows no answers
  if (model.get("_kind") === "table") return void restoreRows(model);
  if (model.get("_kind") !== "question") return;
  const kept = unheard(model.get("spec"), model.get("state"));
  if (!kept) return;
  model.set("committed", kept);
  model.save_changes();
}

// What the browser kept of an answer that the kernel knows nothing of.
function unheard({ slot, since }, state) {
  const kept = recalled(slot);
  return kept && (state.said ?? null) === null && kept.at > Date.parse(since || 0) ? kept : null;
}

function render({ model, el, signal }) {
  el.classList.add("lab-card", "lab-live");
  const kind = model.get("_kind");
  const draw = { question, goal, keeper, table }[kind];
  const show = draw(model, el, signal);
  show();
  model.on("change:state", show);
  return () => model.off("change:state", show);
}

// ---- a question

function question(model, el) {
  const spec = model.get("spec");
  const ask = words("div", spec.ask, { id: unique(), className: "card-ask" });
  const form = element("div", { className: "card-answer" });
  form.setAttribute("role", spec.options ? "radiogroup" : "group");
  form.setAttribute("aria-labelledby", ask.id);
  const parts = spec.options ? choice(spec, form) : spec.shape === "interval" ? interval(spec, form) : single(spec, form);
  const button = control("button", { type: "button", textContent: spec.quiz ? "Check" : "Commit" });
  const said = status();
  el.append(label(spec.label), ask, form, button, said);

  let pending = null;
  let late = 0;
  const commit = () => {
    const value = parts.value();
    if (value === null) return void fill(said, [parts.missing()]);
    pending = { value, at: Date.now() };
    remember(spec.slot, pending);
    model.set("committed", pending);
    model.save_changes();
    show();
    clearTimeout(late);
    late = setTimeout(show, PATIENCE_MS, true);
  };
  button.addEventListener("click", commit);
  // What was missing is there now; and Enter in a number box commits, as in any form.
  form.addEventListener("input", () => !pending && !model.get("state").lines?.length && fill(said, []));
  form.addEventListener("keydown", (event) => event.key === "Enter" && !event.shiftKey && !button.disabled && commit());
  // Who has chosen and goes on with Shift+Enter has committed.
  el.addEventListener("lab-onward", () => {
    if (!spec.quiz && !button.disabled && parts.value() !== null) commit();
  });

  const show = (tooLate) => {
    const state = model.get("state");
    if (pending && state.heard === pending.at) pending = null;
    const mine = pending ? pending.value : state.said ?? null;
    const closed = pending ? !spec.quiz : state.locked;
    const lines = pending ? [waiting(spec, parts.says(pending.value), tooLate === true)] : [...(state.lines ?? [])];
    if (!pending && state.note) lines.push(state.note);
    if (closed && document.activeElement === button) said.focus(); // else the keyboard is lost
    button.hidden = button.disabled = closed;
    parts.show(mine, pending ? null : state.was ?? null, closed);
    el.classList.toggle("card-right", !pending && state.right === true);
    el.classList.toggle("card-wrong", !pending && state.right === false);
    fill(said, lines);
  };
  return show;
}

function waiting(spec, mine, late) {
  if (late) return `You said ${mine}. Noted here; the kernel is busy or was restarted. If nothing runs, run this cell again.`;
  return spec.quiz ? "Checking …" : `You said ${mine}. Now run the cell below.`;
}

function choice(spec, form) {
  const name = unique();
  const rows = spec.options.map((option) => {
    const radio = control("input", { type: "radio", name, value: option });
    const row = element("label", { className: "card-option" });
    const badge = element("span", { className: "card-badge" });
    row.append(radio, words("span", option), badge);
    form.append(row);
    return { option, radio, row, badge };
  });
  return {
    missing: () => "Choose one first.",
    value: () => rows.find(({ radio }) => radio.checked)?.option ?? null,
    says: (value) => `“${value}”`,
    show(mine, was, closed) {
      for (const { option, radio, row, badge } of rows) {
        const marks = [];
        if (option === mine && closed) marks.push("you said");
        if (option === was && closed) marks.push(spec.quiz ? "it is" : "it was");
        if (mine !== null) radio.checked = option === mine;
        radio.disabled = closed;
        row.classList.toggle("card-mine", option === mine && closed);
        row.classList.toggle("card-was", option === was && closed);
        badge.textContent = marks.join(", ");
      }
    },
  };
}

// ---- numbers on an axis

function single(spec, form) {
  const { axis } = spec;
  const track = strip(axis, spec.quiz ? "it is" : "it was");
  const hand = marker(axis, "your answer");
  const boxes = line(hand.box, axis.unit);
  form.append(track.node(hand.range), boxes);
  return {
    missing: () => hand.missing() ?? "Move the slider or type a number first.",
    value: () => hand.value(),
    says: (value) => says(axis, value),
    show(mine, was, closed) {
      if (mine !== null) hand.set(mine);
      hand.range.hidden = boxes.hidden = closed;
      track.mark(mine, was, closed);
    },
  };
}

function interval(spec, form) {
  const { axis } = spec;
  const track = strip(axis, spec.quiz ? "it is" : "it was");
  const hands = [marker(axis, "from"), marker(axis, "to")];
  const value = () => {
    const both = hands.map((hand) => hand.value());
    return both.includes(null) ? null : both.sort((one, other) => one - other);
  };
  const [from, to] = hands.map((hand) => hand.box);
  const boxes = line("from", from, "to", to, axis.unit);
  form.append(track.node(hands[0].range, hands[1].range), boxes);
  return {
    missing: () => hands.map((hand) => hand.missing()).find(Boolean) ?? "Place both ends first.",
    value,
    says: ([low, high]) => `${tidy(low)} to ${says(axis, high)}`,
    show(mine, was, closed) {
      if (mine !== null) hands.forEach((hand, index) => hand.set(mine[index]));
      for (const each of [...hands.map((hand) => hand.range), boxes]) each.hidden = closed;
      track.mark(mine, was, closed);
    },
  };
}

// A slider and a number box that move together; neither has a value before it was touched, so that
// no answer is suggested.
function marker(axis, name) {
  const steps = axis.step && !axis.log ? Math.min(1000, Math.round((axis.high - axis.low) / axis.step)) : 200;
  const range = control("input", { type: "range", min: 0, max: steps, step: 1, value: steps / 2 });
  const box = control("input", { type: "number", min: axis.low, max: axis.high, step: "any" });
  const unit = axis.unit ? `, in ${axis.unit}` : "";
  range.setAttribute("aria-label", `${name}${unit}, on the axis`);
  box.setAttribute("aria-label", `${name}${unit}`);
  let value = null;
  const beyond = () => box.value !== "" && value === null;
  const missing = () => (beyond() ? `Type a number from ${says(axis, axis.low)} to ${says(axis, axis.high)}.` : null);
  const hand = { range, box, value: () => value, missing };
  const put = (next) => {
    value = next;
    range.classList.toggle("card-unset", value === null);
    range.setAttribute("aria-valuetext", value === null ? "not placed yet" : says(axis, value));
  };
  range.addEventListener("input", () => {
    put(round(axis, along(axis, range.valueAsNumber / steps)));
    box.value = value;
  });
  box.addEventListener("input", () => {
    const typed = box.valueAsNumber;
    put(typed >= axis.low && typed <= axis.high ? typed : null);
    if (value !== null) range.value = place(axis, value) * steps;
  });
  hand.set = (next) => {
    put(next);
    range.value = place(axis, next) * steps;
    if (box.valueAsNumber !== next) box.value = next;
  };
  put(null);
  return hand;
}

// The axis below the slider: its ticks, and once there is a result, both marks and the gap.
function strip(axis, result) {
  const marks = element("div", { className: "card-marks" });
  const ticks = element("div", { className: "card-ticks" });
  marks.setAttribute("aria-hidden", "true");
  ticks.setAttribute("aria-hidden", "true");
  for (const tick of ticksOf(axis)) {
    const node = element("span", { textContent: tidy(tick) });
    node.style.left = `${100 * place(axis, tick)}%`;
    ticks.append(node);
  }
  const at = (value) => `${100 * place(axis, value)}%`;
  const put = (value, className, text) => {
    const ends = [value].flat();
    const node = element("div", { className: `card-mark ${className}` });
    node.style.left = at(ends[0]);
    if (ends.length > 1) node.style.width = `${100 * (place(axis, ends[1]) - place(axis, ends[0]))}%`;
    node.classList.toggle("card-span", ends.length > 1);
    node.append(element("span", { className: "card-tag", textContent: text }));
    node.classList.toggle("card-far", place(axis, ends[0]) > 0.75);
    marks.append(node);
  };
  return {
    node(...ranges) {
      const node = element("div", { className: "card-axis" });
      node.append(...ranges, ticks, marks);
      return node;
    },
    mark(mine, was, closed) {
      marks.replaceChildren();
      marks.hidden = !closed;
      if (!closed) return;
      if (mine !== null) put(mine, "card-you", `you said ${spell(axis, mine)}`);
      if (was !== null) put(was, "card-it", `${result} ${spell(axis, was)}`);
    },
  };
}

function place({ low, high, log }, value) {
  const held = Math.min(Math.max(value, low), high);
  return log ? Math.log(held / low) / Math.log(high / low) : (held - low) / (high - low);
}

function along({ low, high, log }, part) {
  return log ? low * (high / low) ** part : low + part * (high - low);
}

function round({ step, low, high }, value) {
  const to = step ? low + Math.round((value - low) / step) * step : value;
  return Math.min(Math.max(Number(to.toPrecision(step ? 12 : 3)), low), high);
}

function ticksOf({ low, high, log }) {
  if (!log) {
    const rough = (high - low) / 8;
    const size = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((factor) => factor * size).find((each) => each >= rough);
    const first = Math.ceil(low / step - 1e-9);
    return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
  }
  const decades = [];
  for (let ten = 10 ** Math.floor(Math.log10(low)); ten <= high; ten *= 10) decades.push(ten);
  const fine = decades.length > 3 ? [1] : [1, 2, 5];
  const all = decades.flatMap((ten) => fine.map((factor) => factor * ten));
  return all.filter((tick) => tick >= low * 0.999 && tick <= high * 1.001);
}

function tidy(value) {
  const short = Number(Number(value).toPrecision(3));
  return (Number.isInteger(value) ? value : short).toLocaleString("en-US", { maximumFractionDigits: 9 });
}

function says(axis, value) {
  return `${tidy(value)} ${axis.unit}`.trim();
}

function spell(axis, value) {
  return Array.isArray(value) ? `${tidy(value[0])} to ${says(axis, value[1])}` : says(axis, value);
}

function line(...parts) {
  const node = element("div", { className: "card-line" });
  node.append(...parts.filter((part) => part !== ""));
  return node;
}

// ---- a goal

function goal(model, el) {
  const spec = model.get("spec");
  const box = element("span", { className: "card-tick" });
  box.setAttribute("role", "img");
  const said = status();
  const row = element("div", { className: "card-goal" });
  row.append(box, words("div", spec.ask, { className: "card-ask" }));
  el.append(label(spec.label), row, said);
  return () => {
    const { reached, lines, note } = model.get("state");
    el.classList.toggle("card-right", reached);
    box.textContent = reached ? "✓" : "";
    box.setAttribute("aria-label", reached ? "reached" : "not reached yet");
    fill(said, [...lines, ...(note ? [note] : [])]);
  };
}

// ---- the box that keeps the answers

function keeper(model, el, signal) {
  const spec = model.get("spec");
  const save = control("button", { type: "button", textContent: "Download my answers" });
  const restore = element("label", { textContent: "Restore my answers from a file: " });
  const file = control("input", { type: "file", accept: ".jsonl" });
  restore.append(file);
  const said = status();
  const row = element("div", { className: "card-line" });
  row.append(save, restore);
  el.append(label(spec.label), row, said);
  let restoring = 0; // when the file was chosen that the kernel has not heard of yet
  let asked = false; // the kernel, for all that it has noted
  let late = 0;
  const wait = () => {
    clearTimeout(late);
    late = setTimeout(show, PATIENCE_MS, true);
    show();
  };
  const take = (text) => {
    asked = false;
    download(spec.file, text);
    show();
  };
  // The kernel knows of answers that this card has not heard of. Who cannot wait has what there is.
  save.addEventListener("click", () => {
    if (asked) return void take(model.get("content"));
    asked = true;
    wait();
    try {
      model.send({ ask: "content" });
    } catch {} // nobody is there to ask, which is said in a moment
  });
  const told = ({ content } = {}) => asked && content !== undefined && take(content);
  model.on("msg:custom", told);
  signal?.addEventListener("abort", () => model.off("msg:custom", told));
  file.addEventListener("change", async () => {
    if (!file.files.length) return;
    const value = await file.files[0].text().catch(() => "");
    file.value = ""; // so that the same file can be chosen again
    restoring = Date.now();
    model.set("restored", { value, at: restoring });
    model.save_changes();
    wait();
  });
  const show = (tooLate) => {
    const state = model.get("state");
    if (restoring === state.heard) restoring = 0;
    if (!asked && !restoring) clearTimeout(late);
    fill(said, keeping(asked, restoring, tooLate === true) ?? state.lines ?? []);
  };
  return show;
}

function keeping(asked, restoring, late) {
  if (!late) return restoring ? ["Restoring …"] : null;
  const rest = restoring ? "If nothing runs, run this cell again, and choose the file again." : "Press Download again for what it had noted before.";
  return asked || restoring ? [`The kernel is busy or was restarted. ${rest}`] : null;
}

function download(name, text) {
  const blob = new Blob([text], { type: "application/jsonl" });
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  URL.revokeObjectURL(link.href);
}

// ---- what all have

function label(text) {
  return element("div", { className: "card-label", textContent: text });
}

function status() {
  const node = control("div", { className: "card-said", tabIndex: -1 });
  node.setAttribute("role", "status");
  node.setAttribute("aria-live", "polite");
  return node;
}

function fill(node, lines) {
  const text = lines.join("\n");
  if (node.dataset.text === text) return; // a live region says what is put into it, even if the same
  node.dataset.text = text;
  node.replaceChildren(...lines.map((each) => words("p", each)));
}

// Plain words, and code between backticks.
function words(tag, text, properties = {}) {
  const node = element(tag, properties);
  text.split("`").forEach((part, index) => node.append(index % 2 ? element("code", { textContent: part }) : part));
  return node;
}

function control(tag, properties) {
  const node = element(tag, properties);
  node.dataset.lmSuppressShortcuts = "true"; // JupyterLab leaves keys pressed here alone
  return node;
}

function element(tag, properties = {}) {
  return Object.assign(document.createElement(tag), properties);
}

function unique() {
  return `lab-${Math.random().toString(36).slice(2)}`;
}

// Storage may be full or forbidden; then only the kernel keeps the answer.
function remember(slot, answer) {
  try {
    localStorage.setItem(slot, JSON.stringify(answer));
  } catch {}
}

function recalled(slot) {
  try {
    return JSON.parse(localStorage.getItem(slot));
  } catch {
    return null;
  }
}

// Shift+Enter anywhere in a card runs the next cell. Left alone, JupyterLab hears nothing, since
// our inputs keep their keys, or runs the card's own cell again. One listener is enough for a page.
const LISTENING = "lab_engine.cards";

function listenToKeys() {
  if (globalThis[LISTENING]) return;
  globalThis[LISTENING] = true;
  addEventListener("keydown", onward, { capture: true });
}

function onward(event) {
  if (event.key !== "Enter" || !event.shiftKey || !event.isTrusted) return;
  const card = event.target.closest?.(".lab-card");
  card?.dispatchEvent(new CustomEvent("lab-onward"));
  const next = card?.closest(".jp-Cell")?.nextElementSibling;
  if (!next?.classList.contains("jp-Cell")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  next.focus({ preventScroll: true });
  const key = { key: "Enter", code: "Enter", keyCode: 13, which: 13, shiftKey: true };
  next.dispatchEvent(new KeyboardEvent("keydown", { ...key, bubbles: true, cancelable: true }));
}
