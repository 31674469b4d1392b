// Fifty equally likely outcomes, and a line that counts those below it: dragged, or moved by keys.

import { hang, percent, shape, text } from "./dom.js";
import { framed, redrawn } from "./frame.js";

const SIDE = 14;
const TOP = 20;
const PLOT = 190;
const BOTTOM = TOP + PLOT;
const DOT = 12;
const LINE = 17;
const LETTER = 7.2;
const BOLD = 7.8; // no less than what it takes, so that nothing sticks out

export function dots({ model, el, signal }) {
  const frame = framed(model, el);
  let still = null;
  let line = null; // where the learner has put it
  const draw = (width) => stacked(frame.board, still, width, line ?? still.line, (to) => (line = to));
  const take = (sent) => {
    // On another axis the learner's value would stand for something else.
    if (still?.high !== sent.still.high) line = null;
    still = sent.still;
    frame.say(still);
  };
  redrawn(model, frame.board, signal, { take, draw });
}

function stacked(board, still, width, at, moved) {
  const room = width - 2 * SIDE;
  const x = (value) => SIDE + Math.min(1, value / still.high) * room;
  const height = BOTTOM + 36 + LINE * still.ghosts.length;
  const svg = shape("svg", { width, height, class: "lab-dots" });
  const inside = svg.appendChild(shape("g", { "aria-hidden": true }));
  inside.append(shape("line", { x1: SIDE, x2: width - SIDE, y1: BOTTOM, y2: BOTTOM, class: "lab-axis" }));
  const circles = placed(still, room);
  inside.append(...circles);
  axis(inside, still, x);
  still.ghosts.forEach((ghost, row) => below(inside, ghost, x, width, BOTTOM + 32 + LINE * (row + 1)));
  const gone = hang(board, svg);
  svg.append(handle(svg, still, circles, x, width, at, moved, gone));
}

// In columns as wide as a dot; where a column would be too high, its dots overlap.
function placed(still, room) {
  const columns = Math.max(1, Math.floor(room / DOT));
  const heights = Array(columns).fill(0);
  const places = still.values.map((value) => {
    const column = Math.min(columns - 1, Math.floor((value / still.high) * columns));
    return [column, heights[column]++];
  });
  const rise = Math.min(DOT, (PLOT - 30) / Math.max(...heights));
  return places.map(([column, row]) =>
    shape("circle", {
      cx: SIDE + ((column + 0.5) * room) / columns,
      cy: BOTTOM - 3 - DOT / 2 - row * rise,
      r: DOT / 2 - 1.2,
    }),
  );
}

function axis(inside, still, x) {
  for (const [value, words] of still.ticks) {
    const anchor = value === still.high ? "end" : value === 0 ? "start" : "middle";
    inside.append(text(words, x(value), BOTTOM + 26, "lab-tick", anchor));
  }
  if (still.this !== null) {
    inside.append(shape("path", { d: `M${x(still.this)},${BOTTOM + 3} l5,9 h-10 Z`, class: "lab-true" }));
  }
}

function below(inside, ghost, x, width, y) {
  const ends = ghost.ends.map(x);
  inside.append(shape("line", { x1: ends[0], x2: ends.at(-1), y1: y - 4, y2: y - 4, class: "lab-ghost-span" }));
  const kind = ghost.said ? "lab-ghost" : "lab-ghost lab-true";
  for (const end of ends) inside.append(shape("path", { d: `M${end - 6},${y - 4} l6,-6 l6,6 l-6,6 Z`, class: kind }));
  // Right of it, or left, or where there is no room on it.
  const wide = 12 + LETTER * ghost.label.length;
  const right = [ends.at(-1) + 12, "start"];
  const left = ends[0] > wide ? [ends[0] - 12, "end"] : [(ends[0] + ends.at(-1)) / 2, "middle"];
  const [at, anchor] = ends.at(-1) + wide < width ? right : left;
  inside.append(text(ghost.label, at, y, "lab-strong lab-halo", anchor));
}

function handle(svg, still, circles, x, width, at, moved, signal) {
  const limits = { "aria-valuemin": 0, "aria-valuemax": still.high };
  const node = shape("g", { role: "slider", class: "lab-handle", tabindex: 0, "aria-label": `Line: ${still.title}`, ...limits });
  node.dataset.lmSuppressShortcuts = "true";
  const line = shape("line", { y2: BOTTOM, class: "lab-fair" });
  const reach = shape("rect", { y: 0, width: 24, height: BOTTOM + 12, class: "lab-reach" });
  const grip = shape("circle", { cy: BOTTOM, r: 7, class: "lab-grip" });
  const words = text("", 0, 16, "lab-strong lab-halo");
  node.append(reach, line, grip, words);

  const put = (value) => {
    at = Math.max(0, Math.min(still.high, Math.round(value / still.step) * still.step));
    at = Number(at.toPrecision(6));
    const count = still.values.filter((each) => each < at).length;
    circles.forEach((circle, index) => circle.setAttribute("class", still.values[index] < at ? "lab-dot-below" : "lab-dot"));
    line.setAttribute("x1", x(at));
    line.setAttribute("x2", x(at));
    grip.setAttribute("cx", x(at));
    reach.setAttribute("x", x(at) - 12);
    const shows = count === 1 ? "shows" : "show";
    words.textContent = `${count} of ${still.values.length} ${shows} less than ${valued(at, still.unit)}`;
    // Beside the line, on the side of the middle; where that is too narrow, above it.
    const wide = BOLD * words.textContent.length;
    const late = x(at) > width / 2;
    const fits = late ? wide < x(at) - 6 : x(at) + 6 + wide < width;
    const aside = late ? x(at) - 6 : x(at) + 6;
    line.setAttribute("y1", fits ? 6 : TOP);
    words.setAttribute("x", fits ? aside : Math.max(0, width - SIDE - wide));
    words.setAttribute("text-anchor", fits && late ? "end" : "start");
    node.setAttribute("aria-valuenow", at);
    node.setAttribute("aria-valuetext", words.textContent);
  };
  put(at);
  const go = (value) => {
    put(value);
    moved(at);
  };
  const drag = (event) => {
    const left = svg.getBoundingClientRect().left;
    go(((event.clientX - left - SIDE) / (width - 2 * SIDE)) * still.high);
  };
  const hear = (on, kind, listener) => on.addEventListener(kind, listener, { signal });
  hear(svg, "pointerdown", (event) => {
    event.preventDefault();
    svg.setPointerCapture(event.pointerId);
    node.focus();
    drag(event);
  });
  hear(svg, "pointermove", (event) => svg.hasPointerCapture(event.pointerId) && drag(event));
  hear(node, "keydown", (event) => {
    const one = still.step;
    const by = { ArrowRight: one, ArrowUp: one, ArrowLeft: -one, ArrowDown: -one, PageUp: 10 * one, PageDown: -10 * one };
    const to = { Home: 0, End: still.high }[event.key] ?? (event.key in by ? at + by[event.key] : null);
    if (to === null) return;
    event.preventDefault();
    go(to);
  });
  return node;
}

function valued(value, unit) {
  if (unit !== "%") return `${Number(value.toPrecision(3))} ${unit}`;
  return percent(value);
}
