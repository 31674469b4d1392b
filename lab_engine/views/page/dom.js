// Making nodes, and what all pictures have in common.

const SVG = "http://www.w3.org/2000/svg";

export function element(tag, properties = {}, attributes = {}) {
  const node = Object.assign(document.createElement(tag), properties);
  for (const name in attributes) node.setAttribute(name, attributes[name]);
  return node;
}

// A control. On the very element that has the focus: there arrow keys, Enter and space are its own,
// and do not move JupyterLab's cells.
export function control(tag, properties = {}, attributes = {}) {
  const node = element(tag, properties, attributes);
  node.dataset.lmSuppressShortcuts = "true";
  return node;
}

export function shape(tag, attributes = {}, text = "") {
  const node = document.createElementNS(SVG, tag);
  for (const name in attributes) node.setAttribute(name, attributes[name]);
  if (text) node.textContent = text;
  return node;
}

export function text(words, x, y, kind, anchor = "start") {
  return shape("text", { x, y, class: kind, "text-anchor": anchor }, words);
}

const hung = new WeakMap(); // place -> what ends with the picture that hangs there

// A picture in place of the one before, which is taken apart. JupyterLab keeps the event of each key
// until one of its own shortcuts is pressed, and with it the mark that had the focus; the rest of the
// picture would stay with that mark. What is returned ends the listeners, which know all marks.
export function hang(place, ...nodes) {
  const before = hung.get(place);
  const here = new AbortController();
  hung.set(place, here);
  place.replaceChildren(...nodes);
  before?.abort();
  const takeApart = () => nodes.forEach((node) => node.querySelectorAll("*").forEach((each) => each.remove()));
  here.signal.addEventListener("abort", takeApart);
  return here.signal;
}

export function unique() {
  return `lab-${Math.random().toString(36).slice(2)}`;
}

export async function inflated(view) {
  const stream = new DecompressionStream("deflate");
  const writer = stream.writable.getWriter();
  const written = writer.write(view).then(() => writer.close());
  const [plain] = await Promise.all([new Response(stream.readable).arrayBuffer(), written]);
  return plain;
}

// The style of the whole front end, once a page.
export function dress(style) {
  document.head.append(element("style", { textContent: style }));
}

// Calls back with the width of a node, now and whenever it changes, once it has one: a view is made
// before it is put into the page, and a notebook in a hidden tab has none.
export function whenSized(node, signal, draw) {
  let known = 0;
  const sizes = new ResizeObserver(() => {
    const width = Math.floor(node.clientWidth);
    if (width && width !== known) draw((known = width));
  });
  sizes.observe(node);
  signal?.addEventListener("abort", () => sizes.disconnect());
}

// A time of a watch: `107 s`, or `20:00` and `1:20:00` in longer ones.
export function clockOf(time, whole) {
  if (whole <= 300) return `${Number(time.toPrecision(3))} s`;
  const two = (value) => String(value).padStart(2, "0");
  const all = Math.round(time);
  const [hours, minutes, seconds] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  return whole > 3600
    ? `${hours}:${two(minutes)}:${two(seconds)}`
    : `${60 * hours + minutes}:${two(seconds)}`;
}

// Percents with two digits that count, or whole from 10 on: as `said` in kit/scales.py puts them.
export function percent(value) {
  return `${Math.abs(value) >= 9.95 ? Math.round(value) : Number(value.toPrecision(2))} %`;
}

// Fills that tell servers apart without their colour: in black or white, whichever the text is not.
export function patterns(servers, prefix) {
  const defs = shape("defs");
  servers.forEach(({ colour, ink, pattern }, index) => {
    const at = { id: `${prefix}-${index}`, width: 8, height: 8, patternUnits: "userSpaceOnUse" };
    const tile = shape("pattern", at);
    tile.append(shape("rect", { width: 8, height: 8, fill: colour }));
    const stroke = ink === "#000000" ? "#FFFFFF" : "#000000";
    const mark = MARKS[pattern];
    if (mark) tile.append(shape("path", { d: mark, stroke, fill: "none", ...FAINT }));
    defs.append(tile);
  });
  return defs;
}

const FAINT = { "stroke-opacity": 0.45, "stroke-width": 1.6, "stroke-linecap": "round" };
const MARKS = {
  "/": "M-2,2 L2,-2 M-2,10 L10,-2 M6,10 L10,6",
  ".": "M2,2 h0.01 M6,6 h0.01",
  x: "M0,0 L8,8 M8,0 L0,8",
  "-": "M0,4 h8",
  "|": "M4,0 v8",
};
