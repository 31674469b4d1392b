// Queues: the same requests in three worlds, dropping into a bucket for each server. All requests
// came once, packed; the page counts who waits at the playhead's time and draws them as marks.

import { clockOf, element, patterns, shape, text, unique } from "./dom.js";
import { framed, redrawn } from "./frame.js";
import { playhead } from "./play.js";

const LAST = 65535;
const NOBODY = 255;
const BAR = 24;
const LANE = 20;
const HEADS = 74;
const BUCKETS = 92;
const BUCKET = 170;
const AXIS = BUCKETS + BUCKET + 70;
const ROW = 20;
const LABEL = 54;
const RIGHT = 30;
const GAP = 18;
const FALLS = 0.4; // seconds of the watch that a mark is seen on its way
const FAILS = 0.8; // seconds that a failed one is seen
const COLOURS = ["#0072B2", "#D55E00", "#009E73"]; // of p50, p95 and p99, as in the twin

export function queues({ model, el, signal }) {
  const frame = framed(model, el);
  const readout = frame.add(element("p", { className: "lab-readout" }));
  const play = playhead(frame.add(element("div")), signal, { label: "Play the watch" });
  let run = null;
  let where = 1; // the end, at first
  const draw = (width) => {
    const drawing = worlds(frame.board, run, width);
    const times = Array.from({ length: Math.floor(run.duration) + 1 }, (_, second) => second);
    play.take(
      {
        times,
        smooth: true,
        clock: (index) => `${clockOf(times[index], run.duration)} of ${clockOf(run.duration, run.duration)}`,
        say: (index) => moment(run, times[index]),
        draw(_, time) {
          drawing.draw(time);
          readout.textContent = moment(run, time);
        },
        paused() {},
      },
      where,
    );
    where = undefined;
  };
  const take = (sent) => {
    run = unpack(sent.still, sent.frames);
    frame.say(run);
  };
  redrawn(model, frame.board, signal, { take, draw });
}

function unpack(still, bytes) {
  let from = 0;
  const times = (count) => {
    const parts = new Uint16Array(bytes.slice(from, (from += 2 * count)));
    return Float64Array.from(parts, (part) => (part / LAST) * still.duration);
  };
  const each = still.worlds.map((world) => {
    const [at, done] = [times(world.count), times(world.count)];
    return { ...world, at, done, server: new Uint8Array(bytes, (from += world.count) - world.count, world.count) };
  });
  return { ...still, worlds: each };
}

// Who waits in each queue at a time, and how many failed so far. What is served after the watch is
// there to its end.
function standing({ at, done, server, count }, servers, time, end) {
  const waiting = servers.map(() => 0);
  let failed = 0;
  for (let index = 0; index < count && at[index] <= time; index++) {
    if (server[index] === NOBODY) failed += 1;
    else if (time < done[index] || (time >= end && done[index] >= end)) waiting[server[index]] += 1;
  }
  return { waiting, failed };
}

function moment(run, time) {
  const parts = run.worlds.map((world) => {
    const { waiting, failed } = standing(world, run.servers, time, run.duration);
    const all = waiting.reduce((sum, each) => sum + each, 0);
    return `${world.name} ${all}${failed ? ` (${failed} failed)` : ""}`;
  });
  return `At ${clockOf(time, run.duration)} there wait: ${parts.join(", ")}.`;
}

function worlds(board, run, width) {
  const prefix = unique();
  const height = AXIS + ROW * run.worlds.length + 24;
  const svg = shape("svg", { width, height, role: "img", "aria-label": "Queues of three worlds" });
  svg.append(patterns(run.servers, prefix));
  const dns = lane(svg, run, width, prefix);
  const wide = (width - 2 * GAP) / run.worlds.length;
  const columns = run.worlds.map((world, index) => column(svg, run, world, index * (wide + GAP), wide));
  took(svg, run, width);
  board.replaceChildren(svg);
  return {
    draw(time) {
      dns(Math.min(time, run.duration * (1 - 1e-9)));
      for (const each of columns) each(time);
    },
  };
}

// What each cache holds.
function lane(svg, run, width, prefix) {
  svg.append(text(fitting(width, "DNS, the same for all three: a box is a cache, as wide as its part of the requests, and the letter is the server it hands on", "DNS: what each cache hands on"), 0, 14, "lab-faint"));
  const boxes = run.spans.map(([left, right], cache) => {
    const box = { x: left * width, width: Math.max(1, (right - left) * width - 1.5) };
    const node = svg.appendChild(shape("g"));
    if (cache === run.shares.length) {
      node.append(shape("rect", { ...box, y: LANE, height: BAR, rx: 2, class: "lab-others" }));
      if (box.width > 6.6 * run.rest.length) node.append(text(run.rest, box.x + 6, LANE + 16, "lab-text"));
    }
    return { ...box, node };
  });
  const held = run.shares.map((_, cache) => run.held.filter(([holder]) => holder === cache));
  const shown = held.map(() => "");
  return (time) => {
    held.forEach((copies, cache) => {
      const now = copies.find(([, start, end]) => start <= time && (end === null || time < end));
      const mix = now ? now[3] : [];
      if (shown[cache] === (shown[cache] = JSON.stringify(mix))) return;
      const { node, x, width: all } = boxes[cache];
      node.replaceChildren(shape("rect", { x, y: LANE, width: all, height: BAR, rx: 2, class: "lab-empty" }));
      if (!mix.length && all > 62) node.append(text("no copy", x + 7, LANE + 16, "lab-faint"));
      let left = x;
      for (const [server, part] of mix) {
        const { letter, ink } = run.servers[server];
        const w = all * part;
        node.append(shape("rect", { x: left, y: LANE, width: w, height: BAR, fill: `url(#${prefix}-${server})` }));
        if (w > 14) {
          const inside = text(letter, left + w / 2, LANE + 16, "lab-letter", "middle");
          inside.setAttribute("fill", ink);
          node.append(inside);
        }
        left += w;
      }
    });
  };
}

function column(svg, run, world, left, wide) {
  const place = wide / run.servers.length;
  const room = place - 6;
  const across = Math.max(1, Math.round(Math.sqrt((run.room * room) / BUCKET)));
  const rows = Math.ceil(run.room / across);
  const size = Math.min(5.2, 0.8 * (room / across), 0.9 * (BUCKET / rows));
  // All heads long, or all short.
  const long = run.worlds.map((each) => each.says).sort((one, other) => other.length - one.length)[0];
  const says = fitting(wide, long, "") ? world.says : `${world.name}${world.name === "DNS" ? " alone" : ""}`;
  svg.append(text(says, left, HEADS, "lab-strong"));
  const floor = BUCKETS + BUCKET;
  const spot = (server, mark) => {
    const [row, along] = [Math.floor(mark / across), mark % across];
    const x = left + server * place + 3 + ((along + 0.5) * room) / across;
    return [x, floor - ((row + 0.5) * BUCKET) / rows];
  };
  const buckets = run.servers.map(({ letter, colour }, server) => {
    const x = left + server * place + 3;
    const sides = `M${x},${BUCKETS} v${BUCKET} h${room} v${-BUCKET}`;
    svg.append(shape("path", { d: sides, class: "lab-bucket" }));
    const look = { stroke: colour, "stroke-width": size, "stroke-linecap": "round", fill: "none" };
    const marks = svg.appendChild(shape("path", look));
    const falling = svg.appendChild(shape("path", { ...look, class: "lab-falling" }));
    const name = svg.appendChild(text(letter, x + room / 2, floor + 16, "lab-strong", "middle"));
    const count = svg.appendChild(text("", x + room / 2, floor + 32, "lab-faint", "middle"));
    const death = run.deaths.find(([dead]) => dead === server)?.[1] ?? Infinity;
    return { letter, marks, falling, name, count, death, shown: -1 };
  });
  const failing = svg.appendChild(shape("path", { class: "lab-failing" }));
  const above = world.name === "DNS" ? null : left + wide / 2;

  return (time) => {
    const { waiting, failed } = standing(world, run.servers, time, run.duration);
    const on = onTheWay(world, run, time);
    buckets.forEach((bucket, server) => {
      const count = waiting[server];
      if (count !== bucket.shown) {
        const marks = Array.from({ length: Math.min(count, run.room) }, (_, mark) => spot(server, mark));
        bucket.marks.setAttribute("d", marks.map(([x, y]) => `M${x.toFixed(1)},${y.toFixed(1)} h.01`).join(""));
        bucket.count.textContent = count;
        bucket.shown = count;
      }
      bucket.name.textContent = time >= bucket.death ? `${bucket.letter} dead` : bucket.letter;
      const falls = on.falls.filter(([to]) => to === server).map(([, part]) => {
        const [x, y] = spot(server, Math.min(count, run.room - 1));
        const from = above ?? x;
        return `M${(from + (x - from) * part).toFixed(1)},${(LANE + BAR + (y - LANE - BAR) * part).toFixed(1)} h.01`;
      });
      bucket.falling.setAttribute("d", falls.join(""));
    });
    const crosses = on.fails.map(([part, index]) => {
      const x = left + 10 + ((index * 37) % Math.max(1, wide - 20));
      const y = HEADS + 8 + 8 * part;
      return `M${x - 3},${y - 3} l6,6 m0,-6 l-6,6`;
    });
    failing.setAttribute("d", failed ? crosses.join("") : "");
  };
}

// Marks that are about to arrive, and those that have just failed; at the end nothing moves.
function onTheWay({ at, server, count }, run, time) {
  const [falls, fails] = [[], []];
  if (time >= run.duration) return { falls, fails };
  for (let index = 0; index < count && at[index] < time + FALLS; index++) {
    const left = at[index] - time;
    if (server[index] === NOBODY) {
      if (left <= 0 && left > -FAILS) fails.push([-left / FAILS, index]);
    } else if (left > 0) falls.push([server[index], 1 - left / FALLS]);
  }
  return { falls, fails };
}

// A row of three marks for each world, on an axis of ratios.
function took(svg, run, width) {
  const [low, high, ticks] = run.axis;
  const scale = (ms) => {
    const part = Math.log(Math.min(Math.max(ms, low), high) / low) / Math.log(high / low);
    return LABEL + part * (width - LABEL - RIGHT);
  };
  const long = "What a request took: half of them at most ● (p50), 95 of 100 ■ (p95), 99 of 100 ◆ (p99)";
  svg.append(text(fitting(width, long, "What a request took: ● p50, ■ p95, ◆ p99"), 0, AXIS - 10, "lab-faint"));
  const bottom = AXIS + ROW * run.worlds.length;
  for (const [ms, said] of ticks) {
    svg.append(shape("line", { x1: scale(ms), x2: scale(ms), y1: AXIS, y2: bottom, class: "lab-grid-line" }));
    svg.append(text(said, scale(ms), bottom + 16, "lab-tick", "middle"));
  }
  run.worlds.forEach(({ name, quantiles, quantilesSay }, row) => {
    const y = AXIS + (row + 0.5) * ROW;
    svg.append(text(name, 0, y + 4, "lab-strong"));
    const known = quantiles.map((ms, index) => [ms, index]).filter(([ms]) => ms !== null);
    if (!known.length) return;
    const ends = { x1: scale(known[0][0]), x2: scale(known.at(-1)[0]), y1: y, y2: y };
    svg.append(shape("line", { ...ends, class: "lab-bucket" }));
    for (const [ms, index] of known) {
      const mark = svg.appendChild(shape("path", { d: glyph(index, scale(ms), y), fill: COLOURS[index] }));
      mark.append(shape("title", {}, `${name}, ${["p50", "p95", "p99"][index]}: ${quantilesSay[index]}`));
    }
  });
  for (const { ends, label, said } of run.ghosts) {
    const [x, y] = [scale(ends[0]), AXIS + 0.5 * ROW];
    svg.append(shape("path", { d: `M${x - 7},${y} l7,-7 l7,7 l-7,7 Z`, class: said ? "lab-ghost" : "lab-ghost lab-true" }));
    svg.append(text(label, x + 10, y - 8, "lab-strong lab-halo"));
  }
}

function glyph(index, x, y) {
  if (index === 0) return `M${x - 5},${y} a5,5 0 1 0 10,0 a5,5 0 1 0 -10,0 Z`;
  if (index === 1) return `M${x - 4.5},${y - 4.5} h9 v9 h-9 Z`;
  return `M${x - 6},${y} l6,-6 l6,6 l-6,6 Z`;
}

function fitting(width, long, short) {
  return 6.7 * long.length < width ? long : short;
}
