// The load at a moment, a bar for each server on a scale that never changes, and the load over the
// whole watch as a band above the playhead.

import { patterns, shape, text } from "./dom.js";

const ROW = 24;
const TOP = 34;
const BAR = 16;
const LABEL = 128;
const RIGHT = 16;
const LINE = 17;
const TICKS = [0, 25, 50, 75, 100];
const FAIR_HALF = 52; // half the width of the fair share's words
const VALUE = 42; // the width of a value
const GHOST = 10; // half of a ghost's, with a little air

export function loadBars(place, run, width, prefix) {
  const bottom = TOP + ROW * run.servers.length;
  const height = bottom + 18 + LINE * run.ghosts.length + (run.ghosts.length ? 18 : 0);
  const svg = shape("svg", { width, height, role: "img", class: "lab-loads" });
  const inside = svg.appendChild(shape("g", { "aria-hidden": true }));
  const scale = (percent) => LABEL + (Math.min(100, percent) / 100) * (width - LABEL - RIGHT);
  inside.append(patterns(run.servers, `${prefix}-load`));
  inside.append(text("Load now", 0, 14, "lab-strong"));
  if (run.loads.some((each) => each.some(([, asking]) => asking > 0))) {
    inside.append(explained(width, scale(100 * run.fair) + FAIR_HALF));
  }
  for (const tick of TICKS) {
    inside.append(shape("line", { x1: scale(tick), x2: scale(tick), y1: TOP - 4, y2: height - 16, class: "lab-grid-line" }));
    const anchor = tick === 100 ? "end" : "middle";
    inside.append(text(`${tick} %`, scale(tick) + (tick === 100 ? RIGHT : 0), height - 4, "lab-tick", anchor));
  }
  const values = shape("g"); // in front of the line of the fair share, which may cross them
  const bars = run.servers.map((server, index) => bar(inside, values, run, server, index, scale, prefix));
  if (run.fair !== null) fairShare(inside, run, scale, bottom);
  inside.append(values);
  run.ghosts.forEach((ghost, index) => drawGhost(inside, run, ghost, bottom + 16 + LINE * index, scale));
  place.replaceChildren(svg);
  return {
    draw(frame) {
      bars.forEach((draw, index) => draw(run.loads[frame][index]));
      svg.setAttribute("aria-label", `Load of each server. ${run.moment(frame)}`);
    },
  };
}

// What dashes mean, right or left of the fair share's words, in as many as there is room for.
function explained(width, fairEnd) {
  const words = "dashed: caches without a copy, which ask anew";
  if (fairEnd < width - 295) return text(words, width, 14, "lab-tick", "end");
  if (fairEnd < width - 165) return text("dashed: no copy, asks anew", width, 14, "lab-tick", "end");
  return text("dashed: no copy, asks anew", 84, 14, "lab-tick");
}

function bar(inside, values, run, server, index, scale, prefix) {
  const y = TOP + ROW * index;
  const fill = `url(#${prefix}-load-${index})`;
  inside.append(shape("rect", { x: 0, y, width: BAR, height: BAR, rx: 2, fill }));
  const letter = text(server.letter, BAR / 2, y + 12, "lab-letter", "middle");
  letter.setAttribute("fill", server.ink);
  letter.setAttribute("font-size", 12);
  inside.append(letter);
  inside.append(text(server.dead ? `${server.name} dead` : server.name, BAR + 7, y + 12.5, "lab-text"));
  const solid = shape("rect", { x: scale(0), y, width: 0, height: BAR, fill });
  const again = shape("rect", { y: y + 0.5, width: 0, height: BAR - 1, class: "lab-again" });
  const value = text("", 0, y + 12.5, "lab-strong lab-halo");
  inside.append(solid, again);
  values.append(value);
  if (server.capacity !== null && server.capacity <= 1) {
    const x = scale(100 * server.capacity);
    inside.append(shape("line", { x1: x, x2: x, y1: y - 3, y2: y + BAR + 3, class: "lab-capacity" }));
    inside.append(text("capacity", x + 4, y + 12.5, "lab-tick lab-halo"));
  }
  const ghosts = run.ghosts
    .filter(({ on }) => !on || on === server.name)
    .flatMap(({ ends }) => ends.map(scale));
  return ([held, asking]) => {
    const [middle, end] = [scale(100 * held), scale(100 * (held + asking))];
    solid.setAttribute("width", middle - scale(0));
    again.setAttribute("x", middle);
    again.setAttribute("width", Math.max(0, end - middle));
    again.style.display = asking > 0.002 ? "" : "none";
    value.textContent = `${Math.round(100 * (held + asking))} %`;
    // Beside the end of its bar, or before it where there is no room or a ghost.
    const taken = ghosts.some((ghost) => ghost + GHOST > end + 6 && ghost - GHOST < end + 6 + VALUE);
    const before = taken || end > scale(100) - VALUE;
    value.setAttribute("x", before ? end - 6 : end + 6);
    value.setAttribute("text-anchor", before ? "end" : "start");
  };
}

function fairShare(inside, run, scale, bottom) {
  const x = scale(100 * run.fair);
  inside.append(shape("line", { x1: x, x2: x, y1: TOP - 10, y2: bottom, class: "lab-fair" }));
  inside.append(text(run.fairSays, x, TOP - 14, "lab-tick lab-halo", run.fair < 0.1 ? "start" : "middle"));
}

// A value on the axis of the bars, hollow what was said, full what it was; its label has a line of
// its own below them, since the bars move.
function drawGhost(inside, run, ghost, below, scale) {
  const rows = run.servers.flatMap(({ name }, row) => (!ghost.on || ghost.on === name ? [row] : []));
  const kind = ghost.said ? "lab-ghost" : "lab-ghost lab-true";
  const [low, high] = [scale(ghost.ends[0]), scale(ghost.ends.at(-1))];
  const middle = (row) => TOP + ROW * row + BAR / 2;
  const leader = { x1: high, x2: high, y1: middle(rows[0] ?? 0), y2: below + 2 };
  inside.append(shape("line", { ...leader, class: "lab-leader" }));
  for (const y of rows.map(middle)) {
    if (high > low) inside.append(shape("line", { x1: low, x2: high, y1: y, y2: y, class: "lab-ghost-span" }));
    for (const x of new Set([low, high])) {
      inside.append(shape("path", { d: `M${x - 7},${y} l7,-7 l7,7 l-7,7 Z`, class: kind }));
    }
  }
  const far = high > scale(75);
  inside.append(text(ghost.label, far ? high - 5 : high + 5, below + 12, "lab-strong lab-halo", far ? "end" : "start"));
}

export function ribbon(place, run, prefix) {
  const height = 34;
  const last = run.count - 1;
  const svg = shape("svg", { viewBox: `0 0 ${last || 1} 100`, height, class: "lab-band", preserveAspectRatio: "none", "aria-hidden": true });
  let under = run.loads.map(() => 100);
  run.servers.forEach((server, index) => {
    const over = under.map((value, frame) => value - 100 * (run.loads[frame][index][0] + run.loads[frame][index][1]));
    const there = over.map((value, frame) => `${frame},${value.toFixed(1)}`);
    const back = under.map((value, frame) => `${frame},${value.toFixed(1)}`).reverse();
    svg.append(shape("polygon", { points: [...there, ...back].join(" "), fill: server.colour, class: "lab-area" }));
    under = over;
  });
  const now = shape("line", { y1: 0, y2: 100, class: "lab-now" });
  svg.append(now);
  place.replaceChildren(svg);
  return {
    draw(frame) {
      now.setAttribute("x1", frame);
      now.setAttribute("x2", frame);
    },
  };
}
