// Cache tiles and the load below them. Frames come packed and once; the playhead picks one of them.

import { clockOf, control, element, unique } from "./dom.js";
import { framed, redrawn } from "./frame.js";
import { loadBars, ribbon } from "./loads.js";
import { mosaic } from "./mosaic.js";
import { playhead } from "./play.js";

export function tiles({ model, el, signal }) {
  const frame = framed(model, el);
  const { board } = frame;
  const readout = frame.add(element("p", { className: "lab-readout" }));
  const bars = frame.add(element("div"));
  const play = playhead(frame.add(element("div")), signal, { label: "Play the watch" });
  const band = element("div", { className: "lab-ribbon" }, { title: "Load of each server over the whole time" });
  play.track.prepend(band);
  const tree = frame.add(element("details", { className: "lab-why", hidden: true }));
  tree.append(control("summary"), control("pre", { className: "lab-packet" }, { tabindex: 0, role: "group", "aria-label": "The tree" }));

  let run = null;
  let part; // of the watch, where a picture begins
  let drawnAt = 0;
  let caches = null;
  let now = 0;
  let looked = 0; // the cache whose answer is explained
  const explain = () => {
    const { name, lines } = run.why(now, looked);
    tree.hidden = !lines.length;
    tree.firstChild.textContent = `Why? The tree that gave ${name} its answer`;
    tree.lastChild.textContent = lines.join("\n");
  };
  const draw = (width) => {
    const prefix = unique();
    const tell = (text, cache) => {
      readout.textContent = text || run.moment(now);
      if (cache >= 0) looked = cache;
      explain();
    };
    if (width !== drawnAt || !caches?.take(run)) {
      caches = mosaic(board, run, width, prefix, tell);
      drawnAt = width;
    }
    const drawn = [caches, loadBars(bars, run, width, prefix), ribbon(band, run, prefix)];
    play.take(
      {
        times: Array.from({ length: run.count }, (_, index) => index * run.step),
        clock: (index) => `${run.clock(index)} of ${clockOf(run.duration, run.duration)}`,
        say: (index) => run.moment(index),
        draw(index) {
          now = index;
          for (const each of drawn) each.draw(index);
          readout.textContent = drawn[0].reading() ?? run.moment(index);
          explain();
        },
        paused: () => drawn[0].settle(),
      },
      part,
    );
    part = undefined;
  };
  const take = (sent) => {
    // A watch of another length is another one: its first moment is the one to be seen.
    if (run?.duration !== sent.still.duration) part = sent.still.begin / Math.max(1, sent.still.count - 1);
    run = unpack(sent.still, sent.frames);
    looked = Math.min(looked, run.names.length - 1);
    frame.say(run);
  };
  redrawn(model, board, signal, { take, draw });
}

// What the kernel sent, with the loads worked out: solid by copies, and by asking anew.
function unpack(still, bytes) {
  const caches = still.names.length;
  const cells = still.count * caches;
  const states = new Uint8Array(bytes, 0, cells);
  const ends = new Float32Array(bytes.slice(cells));
  const cell = (frame, cache) => cache * still.count + frame;
  const shown = still.shares.reduce((sum, share) => sum + share, 0);
  const loads = [];
  for (let frame = 0; frame < still.count; frame++) {
    const solid = still.servers.map(() => 0);
    let empty = 0;
    for (let cache = 0; cache < caches; cache++) {
      const mix = still.mixes[states[cell(frame, cache)]];
      if (!mix.length) empty += still.shares[cache] / shown;
      mix.forEach((part, server) => (solid[server] += (part * still.shares[cache]) / shown));
    }
    const turned = still.turns.findLast(([from]) => from <= frame)?.[1];
    const again = (server) => empty * (turned ? turned[server] : still.servers[server].spread);
    loads.push(solid.map((held, server) => [held, again(server)]));
  }
  const run = {
    ...still,
    loads,
    clock: (frame) => clockOf(frame * still.step, still.duration),
    mix: (frame, cache) => still.mixes[states[cell(frame, cache)]],
    state: (frame, cache) => states[cell(frame, cache)],
    // The tree, where what this cache holds is marked; and the cache's name.
    why(frame, cache) {
      const mix = run.mix(frame, cache);
      const held = (servers) => servers.some((server) => mix[server] > 0);
      const lines = still.why.map(([line, servers]) => (held(servers) ? `${line}   ◀ held` : line));
      return { name: still.names[cache], lines };
    },
    left: (frame, cache) => Math.max(0, ends[cell(frame, cache)] - frame * still.step),
    moment(frame) {
      const each = loads[frame].map(
        ([held, again], server) => `${still.servers[server].letter} ${Math.round(100 * (held + again))} %`,
      );
      let empty = 0;
      for (let cache = 0; cache < caches; cache++) empty += run.state(frame, cache) === 0;
      const all = `${caches} cache${caches === 1 ? "" : "s"}`;
      const without = empty ? `; ${empty} of ${all} ${empty === 1 ? "holds" : "hold"} nothing` : "";
      return `At ${run.clock(frame)}: ${each.join(", ")}${without}.`;
    },
  };
  return run;
}
