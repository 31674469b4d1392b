// The tiles themselves: area = clients; colour, letter and pattern = server; bar = the TTL left.

import { hang, patterns, percent, shape } from "./dom.js";
import { roving } from "./frame.js";

const GAP = 1.5;
const REST_MS = 150;

// Draws into `board`; gives `draw(frame)`, `settle()` where the playhead rests, and `reading()`, what
// the tile under the pointer or the focus says. `take(run)` is another run of the same caches, for
// which the tiles stay and only what they hold is drawn anew; it says whether that is so.
export function mosaic(board, first, width, prefix, tell) {
  let run = first;
  const [full, height] = run.size;
  const svg = shape("svg", { width, height, role: "group", "aria-label": "Caches" });
  svg.append(patterns(run.servers, prefix));
  const cells = run.names.map((name, index) => {
    const [x, y, w, h] = run.boxes.slice(4 * index, 4 * index + 4);
    return tile(run, index, [(x * width) / full, y, (w * width) / full, h], prefix);
  });
  svg.append(...cells.map((cell) => cell.node));
  if (run.others) svg.append(otherTile(run, width));
  const gone = hang(board, svg);

  let frame = 0;
  let resting;
  let read = -1;
  const reading = () => (read < 0 ? null : describe(run, frame, read));
  roving(svg, cells.map((cell) => cell.node), gone, (index) => {
    read = index;
    tell(reading(), index);
    cells[index]?.node.setAttribute("aria-label", reading());
  });
  const same = (next) => ["boxes", "names", "shares", "servers", "others"].every(
    (name) => JSON.stringify(next[name]) === JSON.stringify(first[name]),
  );
  return {
    take(next) {
      if (!same(next)) return false;
      run = next;
      return true;
    },
    draw(index) {
      frame = index;
      cells.forEach((cell, cache) => cell.draw(run.mix(index, cache), run.left(index, cache), run.longest));
    },
    // Names that tell the moment, once it stays: to write hundreds of them takes as long as drawing.
    settle() {
      clearTimeout(resting);
      resting = setTimeout(() => {
        cells.forEach(({ node }, cache) => node.setAttribute("aria-label", describe(run, frame, cache)));
      }, REST_MS);
    },
    reading,
  };
}

function describe(run, frame, cache) {
  const mix = run.mix(frame, cache);
  const named = (server) => `${run.servers[server].letter} (${run.servers[server].name})`;
  const held = mix
    .map((part, server) => [part, server])
    .filter(([part]) => part > 0)
    .map(([part, server]) => (part === 1 ? named(server) : `${named(server)} ${percent(100 * part)}`));
  const left = remaining(run.left(frame, cache));
  const what = held.length ? `leads to ${held.join(", ")}; ${left}` : "holds nothing";
  return `${run.names[cache]}, ${percent(100 * run.shares[cache])} of the clients: ${what}`;
}

function remaining(left) {
  return left === Infinity ? "for ever" : `${Math.round(left)} s left`;
}

function tile(run, cache, [left, top, wide, high], prefix) {
  const [w, h] = [Math.max(1, wide - 2 * GAP), Math.max(1, high - 2 * GAP)];
  const node = shape("g", {
    role: "img",
    class: "lab-tile",
    transform: `translate(${left + GAP},${top + GAP})`,
    "aria-label": run.names[cache],
  });
  const inside = node.appendChild(shape("g", { "aria-hidden": true }));
  node.append(shape("rect", { class: "lab-ring", x: -1, y: -1, width: w + 2, height: h + 2, rx: 3 }));
  const inset = w >= 24 ? 4 : 1;
  const room = Math.max(1, w - 2 * inset);
  const barHeight = h >= 26 ? 4 : 2.5;
  let held = null; // the mix it shows, as text
  let only = -1; // its server, where it is of one
  let bar = null;
  let seconds = null;

  const rebuild = (mix) => {
    inside.replaceChildren();
    bar = seconds = null;
    if (!mix.length) {
      inside.append(shape("rect", { class: "lab-empty", x: 0.5, y: 0.5, width: w - 1, height: h - 1, rx: 3 }));
      if (w > 62 && h > 22) inside.append(label("no copy", 7, 17, "lab-faint"));
      return;
    }
    let from = 0;
    mix.forEach((part, server) => {
      if (!part) return;
      const { letter, ink } = run.servers[server];
      const slice = { x: from, width: part * w, height: h, rx: part === 1 ? 3 : 0 };
      inside.append(shape("rect", { ...slice, fill: `url(#${prefix}-${server})` }));
      const size = Math.min(16, Math.max(8, 0.42 * Math.min(part * w, h)));
      if (part * w > size + 1 && h > size + barHeight + 2) {
        const text = label(letter, from + Math.min(7, (part * w - 0.7 * size) / 2), size + Math.min(5, (h - size) / 4), "lab-letter");
        text.setAttribute("font-size", size);
        text.setAttribute("fill", ink);
        inside.append(text);
      }
      from += part * w;
    });
    if (w - from > 0.5) inside.append(shape("rect", { class: "lab-empty", x: from, width: w - from, height: h }));
    // Over several colours numbers stand on a plate, over one in its ink.
    const single = mix.find((part) => part > 0) === 1;
    const ink = single ? run.servers[mix.indexOf(1)].ink : "#FFFFFF";
    const share = percent(100 * run.shares[cache]);
    const line = w > 128 ? `${share} of the clients` : share;
    const rows = w > 68 && h > 66 ? 2 : w > 46 && h > 50 ? 1 : 0;
    if (rows && !single) {
      const plate = { x: 3, y: 24, width: Math.max(rows === 2 ? 66 : 0, 6.4 * line.length + 8) };
      inside.append(shape("rect", { ...plate, height: 2 + 16 * rows, rx: 3, class: "lab-edge" }));
    }
    if (rows) inside.append(inked(label(line, 7, 37), ink));
    if (rows === 2) inside.append((seconds = inked(label("", 7, 53), ink)));
    const y = h - barHeight - (h >= 26 ? 4 : 1);
    const edge = { x: inset, y, height: barHeight, rx: barHeight / 2 };
    inside.append(shape("rect", { class: "lab-edge", ...edge, width: room }));
    inside.append((bar = shape("rect", { class: "lab-left", ...edge, width: room })));
  };
  // From one server to another nothing but looks changes, and making nodes takes longest.
  const recolour = (server) => {
    const { letter, ink } = run.servers[server];
    inside.firstChild.setAttribute("fill", `url(#${prefix}-${server})`);
    for (const text of inside.querySelectorAll("text")) text.setAttribute("fill", ink);
    const named = inside.querySelector(".lab-letter");
    if (named) named.textContent = letter;
  };
  return {
    node,
    draw(mix, left, longest) {
      const now = mix.join();
      if (now !== held) {
        const server = mix.indexOf(1);
        if (server >= 0 && only >= 0) recolour(server);
        else rebuild(mix);
        [held, only] = [now, server];
      }
      const life = Math.min(1, left / (longest || 1));
      bar?.setAttribute("width", (room * life).toFixed(1));
      if (seconds) seconds.textContent = remaining(left);
    },
  };
}

function otherTile(run, width) {
  const [full, height] = run.size;
  const [x, , w] = run.boxes.slice(-4).map((value) => (value * width) / full);
  const group = shape("g", { transform: `translate(${x + GAP},${GAP})` });
  const [inner, tall] = [Math.max(1, w - 2 * GAP), height - 2 * GAP];
  group.append(shape("rect", { class: "lab-others", width: inner, height: tall, rx: 3 }));
  const words = wrapped(run.others, Math.max(4, Math.floor((inner - 12) / 6.6)));
  if (inner > 40) words.forEach((line, row) => group.append(label(line, 7, 18 + 16 * row)));
  group.append(shape("title", {}, run.others));
  return group;
}

function wrapped(text, most) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (longer.length > most && lines.at(-1)) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

function label(text, x, y, kind = "lab-text") {
  return shape("text", { x, y, class: kind }, text);
}

function inked(text, ink) {
  text.setAttribute("fill", ink);
  return text;
}
