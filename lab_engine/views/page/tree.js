// The tree of a design: ribbons from clients by place, health and weight to servers, the load of
// each server beside it, the lane of a game day below, and four bars against their limits.

import { control, element, hang, patterns, shape, text, unique } from "./dom.js";
import { framed, redrawn, roving } from "./frame.js";
import { playhead } from "./play.js";

const HEAD = 24;
const TALL = 300;
const NODE = 9;
const NAMES = 78; // left of the tree, for cities
const LANE = 62;
const ROW = 26;
const DAY_MS = 60_000; // a game day is over in a minute

export function tree({ model, el, signal }) {
  const frame = framed(model, el);
  const list = control("select", { id: unique() });
  const chooser = element("p", { className: "lab-chooser" });
  chooser.append(element("label", { textContent: "Look at ", htmlFor: list.id }), list);
  el.insertBefore(chooser, frame.board);
  const readout = frame.add(element("p", { className: "lab-readout" }));
  const lane = frame.add(element("div"));
  const play = playhead(frame.add(element("div")), signal, { label: "Play the game day" });
  const bars = frame.add(element("div"));
  const fold = frame.add(element("details"));
  const about = fold.appendChild(element("summary"));
  const why = fold.appendChild(control("pre", { className: "lab-packet" }, { tabindex: 0, role: "group", "aria-label": "Why this answer" }));

  let run = null;
  let where; // a part of the day; undefined where the playhead stays
  let now = 0;
  let chosen = null;
  let drawn = null;
  const choose = (index) => {
    chosen = run.places[index].name;
    list.value = chosen;
    drawn?.look(index);
    tell();
  };
  const at = () => Math.max(0, run.places.findIndex(({ name }) => name === chosen));
  const tell = () => {
    const state = run.state(now);
    readout.textContent = state.words[at()];
    about.textContent = `Why ${chosen} is answered so`;
    why.textContent = run.texts[state.why[at()]];
  };
  list.addEventListener("change", () => choose(list.selectedIndex));
  const draw = (width) => {
    drawn = branches(run, width);
    const day = laneOf(run, width);
    const gone = hang(frame.board, drawn.svg);
    lane.replaceChildren(day.svg);
    bars.replaceChildren(bulletsOf(run, width));
    roving(drawn.svg, drawn.nodes, gone, (index) => drawn.nodes[index] === document.activeElement && choose(index));
    play.take(
      {
        whole: DAY_MS,
        times: Array.from({ length: run.count }, (_, index) => index * run.bin),
        clock: (index) => run.clock(index),
        say: (index) => run.moment(index),
        draw(index) {
          now = index;
          drawn.draw(index);
          drawn.look(at());
          day.draw(index);
          tell();
        },
        paused() {},
      },
      where,
    );
    where = undefined;
    choose(at());
  };
  const take = (sent) => {
    const next = unpack(sent.still, sent.frames);
    if (!run) where = next.begin / (next.count - 1);
    // A quick picture has fewer drills: the playhead stays within the one it is in, if it is there.
    else if (run.count !== next.count) {
      const key = run.drills[Math.floor(now / run.frames)].key;
      const found = next.drills.findIndex((drill) => drill.key === key);
      where = (found < 0 ? next.begin : found * next.frames + (now % next.frames)) / (next.count - 1);
    }
    run = next;
    chosen ??= run.places[run.chosen].name;
    frame.say(run);
    list.replaceChildren(...run.places.map(({ name }) => element("option", { textContent: name })));
    list.value = chosen;
  };
  redrawn(model, frame.board, signal, { take, draw });
}

function unpack(still, bytes) {
  const count = still.frames * still.drills.length;
  const cells = new Uint16Array(bytes);
  const column = (index) => cells.subarray(index * count, (index + 1) * count);
  const run = {
    ...still,
    count,
    loads: still.servers.map((_, index) => column(index)),
    failed: column(still.servers.length),
    refused: column(still.servers.length + 1),
    which: (frame) => still.from.findLastIndex((first) => first <= frame),
    state: (frame) => still.states[run.which(frame)],
    drill: (frame) => still.drills[Math.floor(frame / still.frames)],
    clock(frame) {
      const minutes = ((frame % still.frames) * still.bin) / 60;
      return `${run.drill(frame).name}, minute ${Math.floor(minutes)}`;
    },
    moment(frame) {
      const bad = `${run.failed[frame]} requests/s fail, ${run.refused[frame]} are refused`;
      return `${run.clock(frame)}: ${run.drill(frame).says}. Now ${bad}.`;
    },
  };
  return run;
}

// Where the columns are: cities, branches, pools, servers, the bars of their loads.
function columns(width) {
  const last = Math.round(width * 0.7);
  return [NAMES, NAMES + (last - NAMES) * 0.34, NAMES + (last - NAMES) * 0.68, last, last + 34];
}

function branches(run, width) {
  const prefix = unique();
  const x = columns(width);
  const y = (part) => HEAD + part * TALL;
  const spoken = { width, height: HEAD + TALL + 16, role: "radiogroup", "aria-label": "Cities, and where they are led" };
  const svg = shape("svg", { ...spoken, class: "lab-tree" });
  const back = svg.appendChild(shape("g", { "aria-hidden": true }));
  back.append(patterns(run.pools, prefix));
  ["clients", "by place", "by health", "by weight"].forEach((words, column) => {
    back.append(text(words, x[column] + NODE, 12, "lab-tick", "end"));
  });
  const scale = (load) => x[4] + (Math.min(1, load / run.capacity / run.axis) * (width - x[4] - 36));
  const most = scale(run.capacity);
  back.append(text("requests/s", x[4], 12, "lab-tick"));
  back.append(shape("line", { x1: most, x2: most, y1: HEAD - 4, y2: HEAD + TALL, class: "lab-capacity" }));
  back.append(text(`capacity ${run.capacity}`, most, HEAD + TALL + 13, "lab-tick", "middle"));
  const ribbons = back.appendChild(shape("g"));
  for (const column of [1, 2]) {
    run.pools.forEach((pool, index) => {
      back.append(...poolOf(pool, index, column, x[column], y(pool.at), prefix));
    });
  }
  const rows = run.servers.map((server) => serverOf(server, run, x, y, prefix));
  for (const row of rows) back.append(...row.parts);
  const nodes = run.places.map((place, index) => cityOf(place, index, x[0], y));
  svg.append(...nodes);
  let shown = -1;
  return {
    svg,
    nodes,
    draw(frame) {
      const which = run.which(frame);
      const state = run.states[which];
      if (which !== shown) ribbons.replaceChildren(...state.ribbons.map((each) => ribbonOf(each, run, x, y)));
      shown = which;
      rows.forEach((row, index) => row.draw(run.loads[index][frame], state.dead.includes(index), state.sick.includes(index), scale));
      nodes.forEach((node, index) => node.setAttribute("aria-label", state.words[index]));
    },
    look(index) {
      for (const each of svg.querySelectorAll("[data-user]")) {
        each.classList.toggle("lab-chosen", each.dataset.user === String(index));
      }
      nodes.forEach((node, place) => {
        node.setAttribute("tabindex", place === index ? 0 : -1);
        node.setAttribute("aria-checked", place === index);
      });
    },
  };
}

function ribbonOf([column, place, pool, start, wide, end, narrow], run, x, y) {
  const [left, right] = [x[column] + NODE / 2, x[column + 1] + NODE / 2];
  const middle = (left + right) / 2;
  const [a, b, c, d] = [y(start), y(end), y(end + narrow), y(start + wide)];
  const path = `M${left},${a} C${middle},${a} ${middle},${b} ${right},${b} V${c} C${middle},${c} ${middle},${d} ${left},${d} Z`;
  return shape("path", { d: path, fill: run.pools[pool].colour, class: "lab-stream", "data-user": place });
}

function poolOf(pool, index, column, x, y, prefix) {
  const box = shape("rect", { x, y: y - 11, width: NODE, height: 22, rx: 2, fill: `url(#${prefix}-${index})`, class: "lab-halo" });
  const words = column === 1 ? pool.name : `${pool.letter}: ${pool.name}-pool`;
  return [box, text(words, x + NODE / 2, y - 16, "lab-text lab-halo", "middle")];
}

function cityOf(place, index, x, y) {
  const node = shape("g", { class: "lab-city", role: "radio", "aria-checked": false, "data-user": index });
  const top = y(place.at - place.high / 2);
  const high = y(place.high) - HEAD;
  node.append(shape("rect", { x: 0, y: top - 9, width: x + NODE + 3, height: Math.max(18, high + 18), rx: 4, class: "lab-reach" }));
  node.append(shape("rect", { x, y: top, width: NODE, height: Math.max(2, high), class: "lab-source" }));
  node.append(text(place.name, x - 6, y(place.at) + 4, "lab-text", "end"));
  return node;
}

function serverOf(server, run, x, y, prefix) {
  const middle = y(server.at);
  const high = Math.min(18, (0.72 * TALL) / run.servers.length);
  const label = text(server.name, x[3] + NODE + 4, middle + 4.5, "lab-strong lab-halo");
  const node = shape("rect", { x: x[3], y: middle - high / 2, width: NODE, height: high, fill: `url(#${prefix}-${server.pool})` });
  const bar = shape("rect", { x: x[4], y: middle - high / 2, width: 0, height: high, fill: `url(#${prefix}-${server.pool})` });
  const over = shape("rect", { y: middle - high / 2, width: 0, height: high, class: "lab-over" });
  const value = text("", 0, middle + 4.5, "lab-text lab-halo");
  return {
    parts: [node, bar, over, label, value],
    draw(load, dead, sick, scale) {
      const end = scale(load);
      const most = Math.min(end, dead ? x[4] : scale(run.capacity));
      bar.setAttribute("width", most - x[4]);
      over.setAttribute("x", most);
      over.setAttribute("width", end - most);
      over.setAttribute("class", dead ? "lab-failed" : "lab-over");
      value.textContent = dead ? `${load || ""} ✕ dead${sick ? "" : ", unnoticed"}` : `${load}${sick ? " (sick)" : ""}`;
      value.setAttribute("x", end + 4);
      node.classList.toggle("lab-out", sick);
    },
  };
}

// What failed or was refused, of all requests, over the day.
function laneOf(run, width) {
  const svg = shape("svg", { width, height: LANE + 56, role: "img", class: "lab-lane" });
  svg.setAttribute("aria-label", run.drills.map((drill) => `${drill.name}: ${drill.says}.`).join(" "));
  const inside = svg.appendChild(shape("g", { "aria-hidden": true }));
  const [left, right] = [38, width - 2];
  const x = (frame) => left + (frame / run.count) * (right - left);
  const [top, floor] = [20, 20 + LANE];
  const all = Array.from({ length: run.count }, (_, frame) => run.loads.reduce((sum, load) => sum + load[frame], 0));
  run.drills.forEach((drill, index) => {
    const from = x(index * run.frames);
    const wide = x(run.frames) - left;
    inside.append(shape("rect", { x: from, y: top, width: wide, height: LANE, class: index % 2 ? "lab-shade" : "lab-ground" }));
    const size = wide < 7 * drill.name.length ? { "font-size": Math.max(9, (wide / drill.name.length) * 1.7) } : {};
    const name = text(drill.name, from + wide / 2, 13, drill.lost ? "lab-strong" : "lab-text", "middle");
    for (const each in size) name.setAttribute(each, size[each]);
    inside.append(name);
    const verdict = drill.lost ? "✕ not survived" : "✓";
    const words = text(verdict, from + wide / 2, floor + 14, drill.lost ? "lab-strong" : "lab-tick", "middle");
    if (wide < 96) words.setAttribute("font-size", 10.5);
    inside.append(words);
  });
  inside.append(text("50 %", 32, top + 8, "lab-tick", "end"), text("0", 32, floor, "lab-tick", "end"));
  const part = (count, frame) => Math.min(1, (2 * count) / (all[frame] || 1)) * LANE;
  for (let frame = 0; frame < run.count; frame++) {
    const wide = Math.max(1, x(1) - left - 0.3);
    const [failed, refused] = [part(run.failed[frame], frame), part(run.refused[frame], frame)];
    if (failed >= 0.5) inside.append(shape("rect", { x: x(frame), y: floor - failed, width: wide, height: failed, class: "lab-failed" }));
    if (refused >= 0.5) inside.append(shape("rect", { x: x(frame), y: floor - failed - refused, width: wide, height: refused, class: "lab-over" }));
  }
  inside.append(shape("rect", { x: left, y: floor + 22, width: 10, height: 10, class: "lab-failed" }));
  inside.append(text("failed: led to a dead server", left + 15, floor + 31, "lab-tick"));
  const second = left + 190;
  inside.append(shape("rect", { x: second, y: floor + 22, width: 10, height: 10, class: "lab-over" }));
  inside.append(text("refused: above its capacity", second + 15, floor + 31, "lab-tick"));
  const line = inside.appendChild(shape("line", { y1: top - 2, y2: floor + 2, class: "lab-now" }));
  return {
    svg,
    draw(frame) {
      const at = x(frame + 0.5);
      line.setAttribute("x1", at);
      line.setAttribute("x2", at);
    },
  };
}

function bulletsOf(run, width) {
  const svg = shape("svg", { width, height: ROW * run.bars.length + 8, role: "img", class: "lab-bullets" });
  svg.setAttribute("aria-label", run.bars.map((bar) => `${bar.name} ${bar.words}`).join("; "));
  const inside = svg.appendChild(shape("g", { "aria-hidden": true }));
  const [left, right] = [92, width - Math.min(230, width * 0.36)];
  const scale = (part) => left + Math.min(1, part / run.axis) * (right - left);
  run.bars.forEach((bar, index) => {
    const top = 6 + ROW * index;
    const bad = bar.value > 1;
    inside.append(text(bar.name, left - 8, top + 13, "lab-text", "end"));
    inside.append(shape("rect", { x: left, y: top, width: scale(1) - left, height: 18, class: "lab-shade" }));
    inside.append(shape("rect", { x: left, y: top + 4, width: scale(bar.value) - left, height: 10, class: bad ? "lab-over" : "lab-kept" }));
    inside.append(shape("line", { x1: scale(1), x2: scale(1), y1: top - 2, y2: top + 20, class: "lab-capacity" }));
    inside.append(text(`${bad ? "✕" : "✓"} ${bar.words}`, right + 8, top + 13, bad ? "lab-strong" : "lab-text"));
  });
  return svg;
}
