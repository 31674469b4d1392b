// The controls of a panel: native inputs, so that each has a name and the keyboard moves it.
// It holds no state of its own: `values` in the model is what the inputs show.

import { control, element, unique } from "./dom.js";
import { keep } from "./keep.js";
import { listenToKeys } from "./keys.js";

export function form({ model, el }) {
  listenToKeys();
  keep(el);
  el.classList.add("lab-form");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", model.get("label"));

  const first = el.appendChild(element("div", { className: "lab-first" }));
  const grid = first.appendChild(element("div", { className: "lab-grid" }));
  const reset = control("button", { type: "button", textContent: "Reset", className: "lab-reset" });
  const status = element("div", { className: "lab-status", id: unique() });
  status.setAttribute("role", "status");
  status.setAttribute("aria-live", "polite");
  first.append(reset);
  el.append(status);

  const put = (values) => {
    model.set("values", values);
    model.save_changes();
  };
  reset.addEventListener("click", () => put({ ...model.get("start") }));

  const controls = model.get("specs").map((spec) => {
    const send = (value) => put({ ...model.get("values"), [spec.path]: value });
    const made = KINDS[spec.kind](spec, send);
    grid.append(made.node);
    return { ...made, path: spec.path };
  });

  const show = () => {
    const values = model.get("values");
    for (const each of controls) each.show(values[each.path]);
  };
  const tell = () => {
    const wrong = model.get("wrong");
    status.textContent = model.get("status");
    status.classList.toggle("lab-wrong", wrong.length > 0);
    for (const each of controls) mark(each.input, wrong.includes(each.path), status.id);
  };
  show();
  tell();
  model.on("change:values", show);
  model.on("change:status change:wrong", tell);
  // JupyterLab tells each model when the kernel behind it is gone.
  model.on("comm_live_update", () => {
    status.textContent = GONE;
    status.classList.add("lab-wrong");
  });
}

const GONE = "The kernel was restarted, and does not hear these controls. Run the cells again, from the top.";
const KINDS = { slider, choice, text: line, switch: toggle };

function slider(spec, send) {
  const { choices, low, high, step, unit } = spec;
  const stops = choices.length > 0;
  const id = unique();
  const name = element("label", { htmlFor: id, id: unique(), textContent: spec.label });
  const bounds = stops ? { min: 0, max: choices.length - 1, step: 1 } : { min: low, max: high, step };
  const range = control("input", { type: "range", ...bounds });
  const box = control("input", { type: "number", id, min: low, max: high });
  box.step = stops ? "any" : step;
  const units = element("span", { className: "lab-unit", id: unique(), textContent: unit });
  range.setAttribute("aria-labelledby", name.id);
  if (unit) box.setAttribute("aria-describedby", units.id);

  range.addEventListener("input", () => send(stops ? choices[range.value] : range.valueAsNumber));
  // Not on each `input`: 300 is typed by way of 3 and 30. Enter sets off no `change` outside a form.
  const take = () => send(box.value === "" ? null : box.valueAsNumber);
  box.addEventListener("change", take);
  box.addEventListener("keydown", (event) => event.key === "Enter" && take());

  const node = element("div", { className: "lab-control lab-slider" });
  node.append(name, range, box, units);
  const show = (value) => {
    range.setAttribute("aria-valuetext", `${value ?? "no number"} ${unit}`.trim());
    if (value === null) return; // leave what was typed for its author to mend
    range.value = stops ? nearest(choices, value) : value;
    if (box.valueAsNumber !== value) box.value = value;
  };
  return { node, input: box, show };
}

function nearest(choices, value) {
  const far = choices.map((choice) => Math.abs(choice - value));
  return far.indexOf(Math.min(...far));
}

function choice(spec, send) {
  const id = unique();
  const name = element("label", { htmlFor: id, textContent: spec.label });
  const list = control("select", { id });
  list.append(...spec.options.map((text) => element("option", { value: text, textContent: text })));
  list.addEventListener("change", () => send(list.value));
  const node = element("div", { className: "lab-control" });
  node.append(name, list);
  return { node, input: list, show: (value) => (list.value = value) };
}

function line(spec, send) {
  const id = unique();
  const name = element("label", { htmlFor: id, textContent: spec.label });
  const box = control("input", { type: "text", id, placeholder: spec.hint, spellcheck: false });
  const take = () => send(box.value);
  box.addEventListener("change", take);
  box.addEventListener("keydown", (event) => event.key === "Enter" && take());
  const node = element("div", { className: "lab-control" });
  node.append(name, box);
  return { node, input: box, show: (value) => (box.value = value) };
}

function toggle(spec, send) {
  const id = unique();
  const name = element("label", { htmlFor: id, textContent: spec.label });
  const box = control("input", { type: "checkbox", id });
  box.addEventListener("change", () => send(box.checked));
  const node = element("div", { className: "lab-control lab-switch" });
  node.append(box, name);
  return { node, input: box, show: (value) => (box.checked = value) };
}

function mark(input, wrong, reason) {
  if (wrong) {
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-errormessage", reason);
  } else {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-errormessage");
  }
}
