// Cache tiles and the load below them. Frames come packed and once; the playhead picks one of them.

import { bytesOf, control, element, patterns, shape, unique, whenSized } from "./dom.js";
import { keep } from "./keep.js";
import { listenToKeys } from "./keys.js";
import { mosaic } from "./mosaic.js";
import { loadBars, ribbon } from "./loads.js";
import { playhead } from "./play.js";

export function tiles({ model, el, signal }) {
  listenToKeys();
  keep(el);
  el.classList.add("lab-picture");
  const title = el.appendChild(element("p", { className: "lab-title" }));
  const hint = el.appendChild(element("p", { className: "lab-hint" }));
  const board = el.appendChild(element("div"));
  const readout = el.appendChild(element("p", { className: "lab-readout" }));
  const bars = el.appendChild(element("div"));
  const play = playhead(el, signal, { label: "Play the watch" });
  const band = element("div", { className: "lab-ribbon" });
  play.track.prepend(band);
  const words = el.appendChild(element("p", { className: "lab-words" }, { "aria-live": "polite" }));

  let run = null;
  let part; // of the watch, where the first picture begins
  const draw = (width) => {
    const prefix = unique();
    const tell = (text) => (readout.textContent = text || run.moment(frame));
    let frame = 0;
    const drawn = [
      mosaic(board, run, width, prefix, tell),
      loadBars(bars, run, width, prefix),
      ribbon(band, run, prefix),
    ];
    play.take(
      {
        count: run.count,
        clock: (index) => `${run.clock(index)} of ${clockText(run.duration, run.duration)}`,
        say: (index) => run.moment(index),
        draw(index) {
          frame = index;
          for (const each of drawn) each.draw(index);
          readout.textContent = drawn[0].reading() ?? run.moment(index);
        },
        paused: () => drawn[0].settle(),
      },
      part,
    );
    part = undefined;
  };
  let width = 0;
  const take = () => {
    run = unpack(model.get("_still"), bytesOf(model.get("_frames")));
    title.textContent = run.title;
    hint.textContent = run.hint;
    const summary = model.get("_summary");
    if (words.textContent !== summary) words.textContent = summary;
    if (width) draw(width);
  };
  part = model.get("_still").begin / Math.max(1, model.get("_still").count - 1);
  take();
  model.on("change:_turn", take);
  whenSized(board, signal, (now) => draw((width = now)));
}

// What the kernel sent, with the loads worked out: solid by copies, and by asking anew.
function unpack(still, bytes) {
  const caches = still.names.length;
  const cells = still.count * caches;
  const states = bytes.subarray(0, cells);
  const left = new Uint16Array(bytes.slice(cells, 3 * cells).buffer);
  const shown = still.shares.reduce((sum, share) => sum + share, 0);
  const loads = [];
  for (let frame = 0; frame < still.count; frame++) {
    const solid = still.servers.map(() => 0);
    let empty = 0;
    for (let cache = 0; cache < caches; cache++) {
      const mix = still.mixes[states[frame * caches + cache]];
      if (!mix.length) empty += still.shares[cache] / shown;
      mix.forEach((part, server) => (solid[server] += (part * still.shares[cache]) / shown));
    }
    loads.push(solid.map((held, server) => [held, empty * still.servers[server].spread]));
  }
  const run = {
    ...still,
    loads,
    clock: (frame) => clockText(frame * still.step, still.duration),
    mix: (frame, cache) => still.mixes[states[frame * caches + cache]],
    state: (frame, cache) => states[frame * caches + cache],
    life(frame, cache) {
      const value = left[frame * caches + cache];
      return value === 65535 ? Infinity : value / 65534;
    },
    moment(frame) {
      const each = loads[frame].map(
        ([held, again], server) => `${still.servers[server].letter} ${Math.round(100 * (held + again))} %`,
      );
      let empty = 0;
      for (let cache = 0; cache < caches; cache++) empty += states[frame * caches + cache] === 0;
      const without = empty ? `; ${empty} of ${caches} caches hold nothing` : "";
      return `At ${run.clock(frame)}: ${each.join(", ")}${without}.`;
    },
  };
  return run;
}

function clockText(time, whole) {
  if (whole <= 300) return `${Number(time.toPrecision(3))} s`;
  const two = (value) => String(value).padStart(2, "0");
  const all = Math.round(time);
  const [hours, minutes, seconds] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  return whole > 3600
    ? `${hours}:${two(minutes)}:${two(seconds)}`
    : `${60 * hours + minutes}:${two(seconds)}`;
}
