// The fan: intended steps, the band of many runs, and this run as far as a playhead beside it has
// come; without one, all of it.

import { element, shape, text } from "./dom.js";
import { framed, redrawn } from "./frame.js";

const LEFT = 48;
const RIGHT = 16;
const GHOSTS = 172;
const TOP = 20;
const PLOT = 190;
const BOTTOM = TOP + PLOT;
const LINE = 17;

export function fan({ model, el, signal }) {
  const frame = framed(model, el);
  const readout = frame.add(element("p", { className: "lab-readout" }));
  let still = null;
  let now = Infinity;
  let drawing = null;
  const show = () => (readout.textContent = drawing.uncover(now));
  const draw = (width) => {
    drawing = curves(frame.board, still, width);
    show();
  };
  const take = (sent) => {
    still = sent.still;
    frame.say(still);
  };
  const moment = ({ detail }) => {
    now = detail.over ? Infinity : detail.time;
    if (drawing) show();
  };
  el.parentElement?.addEventListener("lab-moment", moment, { signal });
  redrawn(model, frame.board, signal, { take, draw });
}

function curves(board, still, width) {
  const right = width - (still.ghosts.length ? GHOSTS : RIGHT);
  const x = (time) => LEFT + (time / still.duration) * (right - LEFT);
  const y = (percent) => BOTTOM - Math.min(1, percent / still.top) * PLOT;
  const svg = shape("svg", { width, height: BOTTOM + 24, role: "img" });
  const inside = svg.appendChild(shape("g", { "aria-hidden": true }));
  grid(inside, still, x, y, right);

  const along = (values) => values.map((value, index) => [x(still.times[index]), y(value)]);
  const [low, middle, high] = [0, 1, 2].map((which) => along(still.band.map((each) => each[which])));
  inside.append(shape("polygon", { points: points([...high, ...low.reverse()]), class: "lab-fan-band" }));
  inside.append(shape("polyline", { points: points(middle), class: "lab-fan-middle" }));
  const steps = still.intended.flatMap(([since, percent], index) => {
    const until = still.intended[index + 1]?.[0] ?? still.duration;
    return [[x(since), y(percent)], [x(until), y(percent)]];
  });
  inside.append(shape("polyline", { points: points(steps), class: "lab-fair lab-fan-line" }));
  // On the side of the step where this run is not.
  const aside = still.line.at(-1) > still.intended.at(-1)[1] ? 15 : -6;
  inside.append(text(still.aim, right - 6, Math.min(steps.at(-1)[1] + aside, BOTTOM - 4), "lab-text lab-halo", "end"));

  const line = along(still.line);
  const stroke = still.colour;
  const path = inside.appendChild(shape("polyline", { class: "lab-fan-line", stroke, "stroke-width": 2.5 }));
  const head = inside.appendChild(shape("circle", { r: 4.5, fill: stroke }));
  const says = inside.appendChild(text("", right, TOP - 6, "lab-strong lab-halo", "end"));
  ghosts(inside, still, y, right);
  board.replaceChildren(svg);
  return {
    uncover(time) {
      const last = still.times.findLastIndex((each) => each <= time + 1e-9);
      path.setAttribute("points", points(line.slice(0, last + 1)));
      head.style.display = last < 0 ? "none" : "";
      if (last >= 0) {
        head.setAttribute("cx", line[last][0]);
        head.setAttribute("cy", line[last][1]);
      }
      says.textContent = still.says[last] ?? "";
      const words = still.moments[last] ?? "Nothing is counted yet.";
      svg.setAttribute("aria-label", `${still.title}. ${words}`);
      return words;
    },
  };
}

function grid(inside, still, x, y, right) {
  for (const [value, words] of still.ticks) {
    inside.append(shape("line", { x1: LEFT, x2: right, y1: y(value), y2: y(value), class: "lab-grid-line" }));
    inside.append(text(words, LEFT - 6, y(value) + 4, "lab-tick", "end"));
  }
  for (const [time, words] of still.axis) {
    const anchor = time > 0.95 * still.duration ? "end" : "middle";
    inside.append(text(words, x(time), BOTTOM + 16, "lab-tick", anchor));
  }
}

// At the end of the watch, hollow what was said and full what it was; no label on another.
function ghosts(inside, still, y, right) {
  let free = 0;
  for (const ghost of [...still.ghosts].sort((one, other) => other.ends.at(-1) - one.ends.at(-1))) {
    const ends = ghost.ends.map(y);
    const at = right + (ghost.said ? 10 : 26);
    inside.append(shape("line", { x1: at, x2: at, y1: ends[0], y2: ends.at(-1), class: "lab-ghost-span" }));
    const kind = ghost.said ? "lab-ghost" : "lab-ghost lab-true";
    for (const end of ends) inside.append(shape("path", { d: `M${at - 6},${end} l6,-6 l6,6 l-6,6 Z`, class: kind }));
    free = Math.max(free + LINE, y((ghost.ends[0] + ghost.ends.at(-1)) / 2));
    const label = text(ghost.label, right + 38, free + 4, "lab-letter lab-halo");
    label.setAttribute("font-size", 11);
    inside.append(label);
  }
}

export function points(places) {
  return places.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
}
