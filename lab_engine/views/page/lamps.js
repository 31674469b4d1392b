// Rows of a lane as lamps: what each of them is at the playhead, and how many are so.

import { shape } from "./dom.js";

export const ROW_OF_LAMPS = 50;
const STEP = 24;
const NEAR = 1e-6; // seconds: times cross with so many digits
const CROSS = "M-4,-4 l8,8 m0,-8 l-8,8";

// The look of each row of a lane at a time; empty where it has no bar then.
function lit(still, { lane }, time) {
  const [, rows] = still.lanes.find(([name]) => name === lane);
  const [start, end] = still.span;
  const at = Math.min(time + NEAR, end - (end - start) * 1e-9);
  const found = Array(rows).fill("");
  for (const { kind, lane: where, span, row, look } of still.marks) {
    if (kind === "bar" && where === lane && span[0] <= at && at < span[1]) found[row ?? 0] = look;
  }
  return found;
}

function counted({ look, says }, found) {
  return says.replace("{}", found.filter((each) => each === look).length);
}

// What all rows of lamps say at a time.
export function told(still, time) {
  return still.lamps.map((lamps) => counted(lamps, lit(still, lamps, time)));
}

// A row from x on at height y; what it gives back shows a time. The playhead says the count aloud.
export function lampRow(svg, still, lamps, x, y, look) {
  const box = svg.appendChild(shape("g", { "aria-hidden": true }));
  box.append(shape("text", { x: 0, y: y + 4, class: "lab-text" }, `${lamps.lane} now`));
  const words = box.appendChild(shape("text", { x, y: y + 26, class: "lab-tick" }));
  const places = [];
  let before = "";
  return (time) => {
    const found = lit(still, lamps, time);
    if (found.join() === before) return;
    before = found.join();
    words.textContent = counted(lamps, found);
    found.forEach((each, index) => {
      const lamp = lampOf(each, x + STEP * (index + 0.5), y, look(each));
      if (places[index]) places[index].replaceWith(lamp);
      else box.append(lamp);
      places[index] = lamp;
    });
  };
}

// A square with its letter for a server, a circle for the rest, crossed where it is dark.
function lampOf(name, x, y, { fill, ink, letter }) {
  const node = shape("g", { transform: `translate(${x},${y})`, class: "lab-lamp" });
  if (letter) {
    node.append(shape("rect", { x: -10, y: -10, width: 20, height: 20, rx: 3, fill }));
    node.append(shape("text", { y: 4.5, fill: ink, class: "lab-letter", "text-anchor": "middle" }, letter));
  } else node.append(shape("circle", { r: 8, fill }));
  if (name === "dead") node.append(shape("path", { d: CROSS, stroke: ink, "stroke-width": 2 }));
  return node;
}
