// The map: a dashed line from each user to the resolver, a solid one to the server. Beside it the
// same as a flow, below it the round trips, and what is known of the one user who is looked at.

import { control, element, hang, patterns, shape, unique } from "./dom.js";
import { rows } from "./drawer.js";
import { flowOf, rowsOf } from "./flow.js";
import { framed, redrawn, roving } from "./frame.js";
import { land } from "./land.js";
import { playhead } from "./play.js";

const BESIDE = 700; // pixels of width from which the flow has room beside the map
const USER = 7;
const SERVER = 18;
const LETTER = 7.4; // pixels of width, about

export function map({ model, el, signal }) {
  const frame = framed(model, el);
  const list = control("select", { id: unique() });
  const chooser = element("p", { className: "lab-chooser" });
  chooser.append(element("label", { textContent: "Look at ", htmlFor: list.id }), list);
  el.insertBefore(chooser, frame.board);
  frame.board.classList.add("lab-travel");
  const below = frame.add(element("div", { className: "lab-travel" }));
  const trips = below.appendChild(element("div"));
  const about = below.appendChild(element("div", { className: "lab-about" }));
  const readout = about.appendChild(element("p", { className: "lab-readout" }, { "aria-live": "polite" }));
  const why = about.appendChild(control("pre", { className: "lab-packet" }, { tabindex: 0, role: "group", "aria-label": "Why this answer" }));

  const held = frame.add(element("p", { className: "lab-title" }));
  const drawer = frame.add(element("div"));
  const happened = frame.add(element("p", { className: "lab-readout" }));
  const play = playhead(frame.add(element("div")), signal, { label: "Play the first hour" });

  let still = null;
  let packed = null;
  let drawn = null; // the drawer of the user looked at
  let minute = 0;
  let where = 1; // the hour is over at first
  let name = null; // of the user looked at: the next picture may have others
  let nodes = [];
  const choose = (index) => {
    const user = still.users[index];
    name = user.name;
    list.value = name;
    readout.textContent = user.words;
    why.textContent = user.why;
    open(user.resolver);
    for (const node of el.querySelectorAll("[data-user]")) {
      node.classList.toggle("lab-chosen", node.dataset.user === String(index));
    }
    nodes.forEach((node, at) => {
      node.setAttribute("tabindex", at === index ? 0 : -1);
      node.setAttribute("aria-checked", at === index);
    });
  };
  // The drawer of a resolver, at the minute that is shown.
  const open = (resolver) => {
    if (!still.hour) return;
    const { drawers, ends } = still.hour;
    held.textContent = `${drawers[resolver].title}: the first hour of a cold cache, a question a minute`;
    drawn = rows(drawer, drawers[resolver], packed.slice(ends[resolver - 1] ?? 0, ends[resolver]));
    happen(minute, resolver);
  };
  const happen = (index, resolver = still.users[indexOf(name)].resolver) => {
    minute = index;
    drawn.draw(index);
    happened.textContent = still.hour.drawers[resolver].looks[index][0];
    for (const line of frame.board.querySelectorAll(".lab-goes, .lab-asks")) {
      line.classList.toggle("lab-lit", still.hour.known[index].includes(Number(line.dataset.user)));
    }
  };
  const playing = () => {
    const looks = (index) => still.hour.drawers[0].looks[index];
    play.take(
      {
        times: still.hour.times,
        clock: (index) => `${looks(index)[1]} of ${looks(still.hour.times.length - 1)[1]}`,
        say: (index) => `${looks(index)[1]}. ${looks(index)[0]}`,
        draw: (index) => happen(index),
        paused() {},
      },
      where,
    );
    where = undefined;
  };
  const indexOf = (wanted) => still.users.findIndex((user) => user.name === wanted);
  list.addEventListener("change", () => choose(indexOf(list.value)));

  const draw = (width) => {
    const beside = width >= BESIDE;
    const across = beside ? Math.round(0.62 * width) : width;
    const high = Math.round((across * still.size[1]) / still.size[0]);
    const prefix = unique();
    const made = world(still, across, high, prefix);
    nodes = made.nodes;
    const flow = flowOf(still, beside ? width - across - 14 : width, Math.max(190, high), prefix);
    const gone = hang(frame.board, made.svg, flow);
    trips.replaceChildren(rowsOf(still, across));
    const follow = (index) => nodes[index] === document.activeElement && choose(index);
    roving(made.svg, nodes, gone, follow);
    choose(Math.max(0, indexOf(name)));
    if (still.hour) playing();
  };
  const take = (sent) => {
    still = sent.still;
    packed = sent.frames;
    for (const node of [held, drawer, happened]) node.hidden = !still.hour;
    if (!still.hour) play.take({ times: [0], clock: () => "", say: () => "", draw() {}, paused() {} });
    name ??= still.users[still.chosen].name;
    frame.say(still);
    list.replaceChildren(...still.users.map((user) => element("option", { textContent: user.name })));
    why.hidden = still.users.every((user) => !user.why);
  };
  redrawn(model, frame.board, signal, { take, draw });
}

function world(still, width, height, prefix) {
  const scale = width / still.size[0];
  const on = ([x, y]) => [x * scale, y * scale];
  const svg = shape("svg", { width, height, role: "radiogroup", "aria-label": "Users on the map", class: "lab-world" });
  const back = svg.appendChild(shape("g", { "aria-hidden": true }));
  back.append(patterns(still.servers, prefix));
  back.append(shape("path", { d: land, transform: `scale(${scale})`, class: "lab-land" }));
  for (const user of still.users) back.append(...linesOf(user, still, on));
  const free = roomFor(width, height);
  const marks = still.users.map((user) => on(user.at));
  for (const mark of marks) free.keep(...mark, USER);
  for (const { at } of still.servers) free.keep(...on(at), SERVER / 2);
  for (const each of still.resolvers) back.append(...resolverOf(each, on(each.at), still.resolvers.length, free));
  still.servers.forEach((each, index) => back.append(...serverOf(each, on(each.at), `${prefix}-${index}`, free)));
  const nodes = still.users.map((user, index) => userOf(user, index, still, marks[index], free));
  svg.append(...nodes);
  return { svg, nodes };
}

// The question's way is dashed, that of the requests solid, in the server's colour.
function linesOf(user, still, on) {
  const index = still.users.indexOf(user);
  const from = on(user.at);
  const asked = { d: bow(from, on(still.resolvers[user.resolver].at)), class: "lab-asks", "data-user": index };
  const led = user.ways.filter(([server]) => server >= 0).map(([server, share]) => {
    const { at, colour } = still.servers[server];
    const look = { stroke: colour, "stroke-width": 1 + 1.5 * share };
    return shape("path", { d: bow(from, on(at)), class: "lab-goes", "data-user": index, ...look });
  });
  return [shape("path", asked), ...led];
}

function bow([x1, y1], [x2, y2]) {
  const far = Math.hypot(x2 - x1, y2 - y1);
  return `M${x1},${y1} Q${(x1 + x2) / 2},${(y1 + y2) / 2 - 0.16 * far} ${x2},${y2}`;
}

function resolverOf({ name }, [x, y], count, free) {
  const mark = shape("path", { d: `M${x - 6},${y} l6,-6 l6,6 l-6,6 Z`, class: "lab-resolver" });
  if (count > 3) return [mark];
  free.keep(x, y, 6);
  const place = free.find(name, x, y, 9);
  return place.crowded ? [mark] : [mark, label(name, place, "lab-text lab-halo")];
}

function serverOf({ name, place, letter, ink }, [x, y], fill, free) {
  const half = SERVER / 2;
  const box = { x: x - half, y: y - half, width: SERVER, height: SERVER, rx: 3, fill: `url(#${fill})`, class: "lab-site" };
  const inside = { x, y: y + 4.5, "text-anchor": "middle", fill: ink, "font-size": 13, class: "lab-letter" };
  const said = place || name;
  return [shape("rect", box), shape("text", inside, letter), label(said, free.find(said, x, y, half + 4), "lab-strong lab-halo")];
}

function userOf(user, index, still, [x, y], free) {
  const main = user.ways.reduce((best, way) => (way[1] > best[1] ? way : best), [-1, 0])[0];
  const server = still.servers[main];
  const spoken = { role: "radio", "aria-label": user.words, "aria-checked": false };
  const node = shape("g", { class: "lab-user", "data-user": index, ...spoken });
  node.append(shape("circle", { cx: x, cy: y, r: USER + 5, class: "lab-reach" }));
  const look = server ? { fill: server.colour, class: "lab-at" } : { class: "lab-at lab-lost" };
  node.append(shape("circle", { cx: x, cy: y, r: USER, ...look }));
  const letter = { x, y: y + 3.4, "text-anchor": "middle", "font-size": 10, class: "lab-letter" };
  if (server) letter.fill = server.ink;
  node.append(shape("text", letter, server ? server.letter : "×"));
  const place = free.find(user.name, x, y, USER + 4);
  node.append(label(user.name, place, `lab-text lab-halo ${place.crowded ? "lab-crowded" : ""}`));
  return node;
}

function label(words, { x, y, anchor }, kind) {
  return shape("text", { x, y, "text-anchor": anchor, class: kind }, words);
}

// Finds room for a label beside a mark, first to the right; where there is none, it is crowded.
function roomFor(width, height) {
  const taken = [];
  const clear = (x, y, w, h) =>
    x >= 0 && y >= 0 && x + w <= width && y + h <= height &&
    taken.every(([a, b, c, d]) => x >= a + c || x + w <= a || y >= b + d || y + h <= b);
  return {
    keep: (x, y, half) => taken.push([x - half, y - half, 2 * half, 2 * half]),
    find(words, x, y, off) {
      const wide = LETTER * words.length;
      const ways = [
        { x: x + off, y: y + 4, anchor: "start", left: x + off },
        { x: x - off, y: y + 4, anchor: "end", left: x - off - wide },
        { x, y: y - off - 2, anchor: "middle", left: x - wide / 2 },
        { x, y: y + off + 10, anchor: "middle", left: x - wide / 2 },
      ];
      const found = ways.find((way) => clear(way.left, way.y - 11, wide, 14));
      if (!found) return { ...ways[x > width / 2 ? 1 : 0], crowded: true };
      taken.push([found.left, found.y - 11, wide, 14]);
      return found;
    },
  };
}
