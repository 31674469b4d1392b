// What stands with the map: the flow from users by resolvers to servers, and the round trips as dots.

import { patterns, shape } from "./dom.js";

const NODE = 9;
const NAMES = 74; // left of the flow, for users
const PLACES = 102; // right of it, for servers
const HEAD = 20;
const LABEL = 118;
const RIGHT = 30;
const ROOM = 68; // of a row of dots
const DOT = 13;
const LINE = 17;

export function flowOf(still, width, height, prefix) {
  const svg = shape("svg", { width, height, role: "img", class: "lab-flow" });
  svg.setAttribute("aria-label", `The same as a flow. ${still.users.map((user) => user.words).join(" ")}`);
  const inside = svg.appendChild(shape("g", { "aria-hidden": true }));
  inside.append(patterns(still.servers, `${prefix}-flow`));
  const [users, resolvers, servers] = still.flow.columns;
  const x = [NAMES, (NAMES + width - PLACES - NODE) / 2, width - PLACES - NODE];
  const y = (part) => HEAD + part * (height - HEAD - 8);
  const tall = (part) => part * (height - HEAD - 8);
  const many = resolvers.length > 3;
  const heads = ["users", many ? `${resolvers.length} resolvers` : resolvers.length > 1 ? "resolvers" : "resolver", "servers"];
  heads.forEach((words, column) => {
    const anchor = ["end", "middle", "start"][column];
    const at = { x: x[column] + [NODE, NODE / 2, 0][column], y: 12, "text-anchor": anchor, class: "lab-tick" };
    inside.append(shape("text", at, words));
  });
  for (const [column, user, server, start, end, wide] of still.flow.ribbons) {
    const [left, right] = [x[column] + NODE, x[column + 1]];
    const middle = (left + right) / 2;
    const [a, b, c, d] = [y(start), y(end), y(end + wide), y(start + wide)];
    const path = `M${left},${a} C${middle},${a} ${middle},${b} ${right},${b} V${c} C${middle},${c} ${middle},${d} ${left},${d} Z`;
    const known = column === 1 && server >= 0;
    const look = known ? { fill: still.servers[server].colour } : { class: "lab-stream lab-unled" };
    inside.append(shape("path", { d: path, class: "lab-stream", "data-user": user, ...look }));
  }
  const node = (column, [top, part], look) =>
    shape("rect", { x: x[column], y: y(top), width: NODE, height: Math.max(1, tall(part)), ...look });
  const middleOf = ([top, part]) => y(top) + tall(part) / 2 + 4;
  users.forEach((each, index) => {
    inside.append(node(0, each, { class: "lab-node" }));
    const at = { x: NAMES - 5, y: middleOf(each), "text-anchor": "end", class: "lab-named", "data-user": index };
    inside.append(shape("text", at, still.users[index].name));
  });
  resolvers.forEach((each, index) => {
    inside.append(node(1, each, { class: "lab-node" }));
    if (many) return;
    const at = { x: x[1] + NODE / 2, y: y(each[0]) - 4, "text-anchor": "middle", class: "lab-text lab-halo" };
    inside.append(shape("text", at, still.resolvers[index].name));
  });
  servers.forEach((each, index) => {
    const server = still.servers[index];
    const lost = !server;
    if (!lost && each[1] === 0) return;
    inside.append(node(2, each, lost ? { class: "lab-empty" } : { fill: `url(#${prefix}-flow-${index})` }));
    const words = lost ? "no answer" : `${server.letter} ${server.place || server.name}`;
    inside.append(shape("text", { x: x[2] + NODE + 5, y: middleOf(each), class: "lab-strong" }, words));
  });
  return svg;
}

export function rowsOf(still, width) {
  const bottom = HEAD + (ROOM + LINE) * still.rows.length;
  const height = bottom + 22 + LINE * still.ghosts.length;
  const svg = shape("svg", { width, height, role: "img", class: "lab-trips" });
  svg.setAttribute("aria-label", `Round trips. ${still.rows.map(spoken).join(" ")}`);
  const inside = svg.appendChild(shape("g", { "aria-hidden": true }));
  const lost = still.rows.some(({ dots }) => dots.some(([place]) => place === still.bins));
  const right = RIGHT + (lost ? 78 : 0);
  const scale = (ms) => LABEL + (Math.min(still.farthest, ms) / still.farthest) * (width - LABEL - right);
  const name = `Round trips: each dot is ${100 / still.parts} % of the requests`;
  inside.append(shape("text", { x: 0, y: 12, class: "lab-strong" }, name));
  for (let ms = 0; ms <= still.farthest; ms += 50) {
    inside.append(shape("line", { x1: scale(ms), x2: scale(ms), y1: HEAD, y2: bottom + 3, class: "lab-grid-line" }));
    inside.append(shape("text", { x: scale(ms), y: bottom + 16, "text-anchor": "middle", class: "lab-tick" }, `${ms} ms`));
  }
  const end = width - 34;
  if (lost) inside.append(shape("text", { x: end, y: bottom + 16, "text-anchor": "middle", class: "lab-tick" }, "no answer"));
  still.rows.forEach((row, index) => {
    const floor = HEAD + (ROOM + LINE) * (index + 1) - 6;
    inside.append(...rowOf(row, still, floor, scale, end));
  });
  still.ghosts.forEach((ghost, index) => inside.append(...ghostOf(ghost, scale, bottom, index, still)));
  return svg;
}

function spoken({ name, half, most }) {
  return half === undefined ? `${name}: nobody is served.` : `${name}: half within ${half} ms, 95 % within ${most} ms.`;
}

function rowOf({ name, dots, half, most }, still, floor, scale, end) {
  const step = Math.min(DOT, ROOM / (1 + Math.max(...dots.map(([, level]) => level))));
  const nodes = [shape("text", { x: 0, y: floor - 34, class: "lab-strong" }, name)];
  if (half !== undefined) {
    for (const [words, ms, up, look] of [["△ half", half, 19, "lab-half"], ["▲ 95 %", most, 4, "lab-most"]]) {
      nodes.push(shape("text", { x: 0, y: floor - up, class: "lab-tick" }, `${words} ≤ ${Math.round(ms)} ms`));
      const d = `M${scale(ms)},${floor + 2} l-4,7 h8 Z`;
      nodes.push(shape("path", { d, class: look }));
    }
  }
  nodes.push(shape("line", { x1: scale(0), x2: scale(still.farthest), y1: floor + 1, y2: floor + 1, class: "lab-life" }));
  for (const [place, level, user, index] of dots) {
    const server = still.servers[index];
    const x = place === still.bins ? end : scale(((place + 0.5) / still.bins) * still.farthest);
    const y = floor - 7 - step * level;
    const dot = shape("g", { "data-user": user, class: "lab-trip" });
    dot.append(shape("circle", { cx: x, cy: y, r: 6.3, ...(server ? { fill: server.colour } : { class: "lab-empty" }) }));
    const at = { x, y: y + 3.2, "text-anchor": "middle", "font-size": 9, class: "lab-letter" };
    if (server) at.fill = server.ink;
    dot.append(shape("text", at, server ? server.letter : "×"));
    nodes.push(dot);
  }
  return nodes;
}

function ghostOf({ ends, label, said }, scale, bottom, index, still) {
  const kind = said ? "lab-ghost" : "lab-ghost lab-true";
  const below = bottom + 22 + LINE * index;
  const x = scale(ends.at(-1));
  const marks = ends.flatMap((value) => [
    shape("line", { x1: scale(value), x2: scale(value), y1: HEAD, y2: below, class: "lab-leader" }),
    shape("path", { d: `M${scale(value) - 6},${bottom} l6,-6 l6,6 l-6,6 Z`, class: kind }),
  ]);
  const far = ends.at(-1) > 0.7 * still.farthest;
  const at = { x: far ? x - 6 : x + 6, y: below + 9, "text-anchor": far ? "end" : "start", class: "lab-strong lab-halo" };
  return [...marks, shape("text", at, label)];
}
