// The sequence strip: lanes over time, with bars, dots, arrows and verdicts. The playhead uncovers
// it from the left, so that what is under way at a time is seen half-way.

import { clockOf, element, hang, patterns, shape, unique } from "./dom.js";
import { framed, redrawn, roving } from "./frame.js";
import { ROW_OF_LAMPS, lampRow, told } from "./lamps.js";
import { WHOLE_MS, playhead } from "./play.js";

const LABEL = 118;
const RIGHT = 22;
const TOP = 8;
const BAR = 18;
const LANE = 42;
const ROW = 7;
const MOST_LINES = 20;
const ASK = "Point at a mark, or reach it by Tab and the arrow keys, to read what it stands for.";

export function strip({ model, el, signal }) {
  const frame = framed(model, el);
  const play = playhead(frame.add(element("div")), signal, { label: "Play the strip" });
  const packet = frame.add(element("pre", { className: "lab-packet", id: unique() }));
  let still = null;
  let where; // the part of the whole at which the playhead stands at first
  const draw = (width) => {
    const held = frame.board.querySelector(".lab-mark:focus")?.dataset.mark;
    const drawing = lanes(frame.board, still, width, packet, held);
    const clock = (index) => said(still, still.times[index]);
    play.take(
      {
        times: [still.span[0], ...still.times],
        smooth: true,
        whole: still.seconds ? undefined : Math.min(WHOLE_MS, 2_500 * still.ticks.length), // so long for each exchange
        clock: (index) => clock(Math.max(0, index - 1)),
        say: (index) => [clock(Math.max(0, index - 1)), ...told(still, [still.span[0], ...still.times][index])].join("; "),
        draw: (_, time) => drawing.uncover(time),
        paused() {},
      },
      where,
    );
    where = undefined;
  };
  const take = (sent) => {
    if (!still) where = part(sent.still);
    still = sent.still;
    frame.say(still);
    reserve(packet, still.marks);
  };
  redrawn(model, frame.board, signal, { take, draw });
}

// Everything is there at first, unless the picture says where it begins.
function part({ begin, span }) {
  return begin === null ? 1 : (begin - span[0]) / (span[1] - span[0]);
}

function said(still, time) {
  if (still.seconds) return `${clockOf(time, 0)} of ${clockOf(still.span[1], 0)}`;
  const far = still.ticks.map(([at]) => Math.abs(at - time));
  return still.ticks[far.indexOf(Math.min(...far))][1];
}

// A line of advice at first. Once a mark was read it is as high as the longest text, so that nothing
// below moves from mark to mark.
export function reserve(packet, marks) {
  packet.hidden = marks.every(({ words }) => !words);
  packet.style.height = "";
  packet.textContent = ASK;
}

export function read(packet, marks, words) {
  const lines = marks.map((mark) => (mark.words ? mark.words.split("\n").length : 0));
  packet.style.height = `${Math.min(MOST_LINES, Math.max(...lines)) * 1.35 + 0.8}em`;
  packet.textContent = words;
}

// The mark that is `held` has the focus, as it had in the drawing before: one that grows while it is read.
export function lanes(board, still, width, packet, held) {
  const prefix = unique();
  const places = laid(still.lanes);
  const bottom = places.at(-1).bottom;
  const height = bottom + 24 + ROW_OF_LAMPS * still.lamps.length;
  const svg = shape("svg", { width, height, role: "group", "aria-label": "Lanes" });
  const [start, end] = still.span;
  const scale = (time) => LABEL + ((time - start) / (end - start)) * (width - LABEL - RIGHT);
  svg.append(patterns(still.servers, prefix), ...axis(still, scale, bottom));
  for (const { name, middle } of places) svg.append(...heading(name, middle, width, still));

  const clip = svg.appendChild(shape("clipPath", { id: `${prefix}-past` })).appendChild(
    shape("rect", { x: 0, y: 0, width, height: bottom + 24 }),
  );
  const past = svg.appendChild(shape("g", { "clip-path": `url(#${prefix}-past)` }));
  const byName = new Map(places.map((each) => [each.name, each]));
  const pen = { still, scale, prefix, places: byName, free: freeRoom() };
  // Verdicts over arrows over dots over bars.
  const order = ["bar", "dot", "arrow", "moment"];
  const drawn = still.marks.map((mark) => [mark, marked(mark, pen)]);
  for (const kind of order) past.append(...drawn.filter(([mark]) => mark.kind === kind).map(([, node]) => node));
  for (const ghost of still.ghosts) svg.append(...ghostOf(ghost, scale, bottom));
  const faint = still.begin !== null; // what comes later can be seen all the same
  const veil = shape("rect", { y: TOP, height: bottom - TOP, class: "lab-veil" });
  const verdicts = drawn.filter(([mark]) => faint && mark.kind === "moment");
  if (faint) svg.append(veil, ...verdicts.map(([, node]) => node));
  const now = svg.appendChild(shape("line", { y1: 0, y2: bottom, class: "lab-now" }));
  const look = (name) => looks(name || "plain", pen);
  const lamps = still.lamps.map((each, row) => lampRow(svg, still, each, LABEL, bottom + 44 + ROW_OF_LAMPS * row, look));
  const gone = hang(board, svg);

  const nodes = drawn.map(([, node]) => node);
  roving(svg, nodes, gone, (index) => {
    const words = still.marks[index]?.words;
    if (!words) return;
    read(packet, still.marks, words);
    nodes[index].setAttribute("aria-describedby", packet.id);
  });
  const again = held ? nodes.find((node) => node.dataset.mark === held) : null;
  if (again) {
    nodes[0].setAttribute("tabindex", -1);
    again.setAttribute("tabindex", 0);
    again.focus({ preventScroll: true });
  }
  return {
    uncover(time) {
      const x = scale(time);
      const over = time >= end;
      clip.setAttribute("width", over || faint ? width : x);
      veil.setAttribute("x", x);
      veil.setAttribute("width", Math.max(0, width - x));
      for (const [mark, node] of verdicts) node.style.opacity = mark.span[0] <= time + 1e-6 ? 1 : 0.4;
      for (const show of lamps) show(time);
      now.style.display = over ? "none" : "";
      now.setAttribute("x1", x);
      now.setAttribute("x2", x);
    },
  };
}

// Tells whether a line of text would be free of those before it, and if so keeps its place.
function freeRoom() {
  const taken = [];
  return (x, y, wide) => {
    const clear = taken.every(([from, to, at]) => x > to || x + wide < from || Math.abs(y - at) > 12);
    if (clear) taken.push([x, x + wide, y]);
    return clear;
  };
}

function laid(names) {
  let y = TOP;
  return names.map(([name, rows]) => {
    const height = rows > 1 ? rows * ROW + 14 : LANE;
    const lane = { name, rows, top: y, middle: y + height / 2, bottom: y + height };
    y += height;
    return lane;
  });
}

function axis(still, scale, bottom) {
  return still.ticks.flatMap(([at, words]) => [
    shape("line", { x1: scale(at), x2: scale(at), y1: TOP, y2: bottom, class: "lab-grid-line" }),
    shape("text", { x: scale(at), y: bottom + 16, class: "lab-tick", "text-anchor": "middle" }, words),
  ]);
}

function heading(name, middle, width, still) {
  const life = { x1: LABEL, x2: width - RIGHT, y1: middle, y2: middle, class: "lab-life" };
  const tied = still.marks.some(({ kind, lane, to }) => kind === "arrow" && (lane === name || to === name));
  const words = shape("text", { x: 0, y: middle + 4, class: "lab-text" }, name);
  return tied ? [shape("line", life), words] : [words];
}

function marked(mark, pen) {
  const node = DRAW[mark.kind](mark, pen);
  node.setAttribute("class", "lab-mark");
  node.setAttribute("role", "img");
  node.setAttribute("aria-label", spoken(mark, pen.still));
  node.dataset.mark = [mark.kind, mark.lane, mark.row, mark.span[0]].join(" ");
  return node;
}

// Where and when, and what it looks like in words.
function spoken(mark, still) {
  const [from, to] = mark.span;
  const server = still.servers.find(({ name }) => name === mark.look);
  const look = server ? `${server.letter}, ${server.name}` : mark.look === "plain" ? "" : mark.look;
  const kind = { bar: "", moment: "", arrow: `to ${mark.to}`, dot: mark.shape }[mark.kind];
  const seconds = from === to ? clockOf(from, 0) : `${clockOf(from, 0)} to ${clockOf(to, 0)}`;
  return [mark.lane, kind, mark.label, look, still.seconds ? seconds : said(still, from)].filter(Boolean).join(", ");
}

// Fill, line and ink of a look.
function looks(look, { still, prefix }) {
  const index = still.servers.findIndex(({ name }) => name === look);
  if (index < 0) return { fill: `var(--lab-${look})`, line: `var(--lab-${look}-line)`, ink: `var(--lab-${look}-ink)` };
  const { colour, ink, letter } = still.servers[index];
  return { fill: `url(#${prefix}-${index})`, line: colour, ink, letter };
}

const DRAW = {
  bar(mark, pen) {
    const { middle, top } = pen.places.get(mark.lane);
    const { fill, line, ink, letter } = looks(mark.look, pen);
    const [x, w] = [pen.scale(mark.span[0]), pen.scale(mark.span[1]) - pen.scale(mark.span[0])];
    const thin = mark.row !== undefined;
    const y = thin ? top + 7 + ROW * (mark.row + 0.5) - 1.25 : middle - BAR / 2;
    const node = shape("g");
    node.append(shape("rect", { x, y, width: Math.max(1, w - 1), height: thin ? 2.5 : BAR, rx: thin ? 1 : 2, fill: thin && !letter ? line : fill }));
    const words = [letter, mark.label].filter(Boolean).join(" ");
    const fits = [words, letter].find((text) => text && 6.9 * text.length + 8 < w);
    if (fits && !thin) {
      const text = shape("text", { x: x + 5, y: middle + 4.5, fill: ink, class: letter ? "lab-letter" : "" }, fits);
      node.append(text);
    }
    return node;
  },
  dot(mark, pen) {
    const { top, middle, rows } = pen.places.get(mark.lane);
    const { line, letter, ink } = looks(mark.look, pen);
    const x = pen.scale(mark.span[0]);
    const y = rows > 1 ? top + 7 + ROW * mark.row + ROW / 2 : middle;
    const lettered = letter && rows === 1 && mark.shape === "point";
    const size = rows > 1 ? 3.2 : lettered ? 7 : 4.5;
    const node = shape("g");
    node.append(shape("circle", { cx: x, cy: y, r: size + 4, class: "lab-reach" }));
    node.append(glyph(mark.shape, x, y, size, line));
    const inside = { x, y: y + 3.6, fill: ink, "font-size": 10, "text-anchor": "middle" };
    if (lettered) node.append(shape("text", { ...inside, class: "lab-letter" }, letter));
    if (mark.label) node.append(shape("text", { x: x + 8, y: y + 4, class: "lab-text lab-halo" }, mark.label));
    return node;
  },
  arrow(mark, pen) {
    const { line } = looks(mark.look, pen);
    const [x1, x2] = mark.span.map(pen.scale);
    const [y1, y2] = [pen.places.get(mark.lane).middle, pen.places.get(mark.to).middle];
    const node = shape("g");
    node.append(shape("line", { x1, x2, y1, y2, class: "lab-reach-line" }));
    node.append(shape("line", { x1, x2, y1, y2, stroke: line, "stroke-width": 2 }));
    const angle = (Math.atan2(y2 - y1, x2 - x1) * 180) / Math.PI;
    const head = { d: "M1,0 L-9,-4.5 L-9,4.5 Z", fill: line, transform: `translate(${x2},${y2}) rotate(${angle})` };
    node.append(shape("path", head));
    // Beside the arrow, on the side that its neighbours leave free: down to the left, up to the right.
    const [down, y] = [y2 > y1, (y1 + y2) / 2 + 4];
    const [x, wide] = [(x1 + x2) / 2 + (down ? -7 : 7), 6.6 * (mark.label ?? "").length];
    if (mark.label && pen.free(down ? x - wide : x, y, wide)) {
      const at = { x, y, "text-anchor": down ? "end" : "start", class: "lab-tick lab-halo" };
      node.append(shape("text", at, mark.label));
    }
    return node;
  },
  moment(mark, pen) {
    const { line } = looks(mark.look, pen);
    const x = pen.scale(mark.span[0]);
    const [from, to] = [pen.places.get(mark.lane), pen.places.get(mark.to)];
    const node = shape("g");
    const across = { x1: x, x2: x, y1: from.top + 2, y2: to.middle };
    node.append(shape("line", { ...across, class: "lab-reach-line" }));
    node.append(shape("line", { ...across, stroke: line, "stroke-width": 2, "stroke-dasharray": "4 3" }));
    const width = 7.2 * mark.label.length;
    const flip = x + width > pen.scale(pen.still.span[1]);
    const at = { x: flip ? x - 6 : x + 6, y: from.bottom + 5, "text-anchor": flip ? "end" : "start" };
    node.append(shape("text", { ...at, class: "lab-strong lab-halo" }, mark.label));
    return node;
  },
};

function glyph(kind, x, y, size, line) {
  const cross = `M${x - size},${y - size} l${2 * size},${2 * size} m0,${-2 * size} l${-2 * size},${2 * size}`;
  if (kind === "cross") return shape("path", { d: cross, stroke: line, "stroke-width": 2, fill: "none" });
  if (kind === "tick") return shape("line", { x1: x, x2: x, y1: y - 9, y2: y + 9, stroke: line, "stroke-width": 2.5 });
  const hollow = kind === "ring";
  const ring = { fill: hollow ? "var(--lab-paper)" : line, stroke: line, "stroke-width": hollow ? 1.6 : 0 };
  return shape("circle", { cx: x, cy: y, r: size, ...ring });
}

function ghostOf(ghost, scale, bottom) {
  const kind = ghost.said ? "lab-ghost" : "lab-ghost lab-true";
  const marks = ghost.ends.map(scale).flatMap((x) => [
    shape("line", { x1: x, x2: x, y1: TOP, y2: bottom, class: "lab-leader" }),
    shape("path", { d: `M${x - 7},${bottom} l7,-7 l7,7 l-7,7 Z`, class: kind }),
  ]);
  const x = scale(ghost.ends.at(-1));
  return [...marks, shape("text", { x: x + 10, y: bottom - 4, class: "lab-strong lab-halo" }, ghost.label)];
}
