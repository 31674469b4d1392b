// The cache drawer: a row for each entry, blocks of clients inside the block of their key, and the
// row that answered flashes. `rows` draws it anywhere; `drawer` is the picture with a playhead.

import { element } from "./dom.js";
import { framed, heard } from "./frame.js";
import { WHOLE_MS, playhead } from "./play.js";

const CELL = 12; // bytes of a row at one look
const MARKS = ["", "◀ answered", "+ new"];
const ROW_PX = 30;

export function drawer({ model, el, signal }) {
  const frame = framed(model, el);
  const readout = frame.add(element("p", { className: "lab-readout" }));
  const play = playhead(frame.add(element("div")), signal, { label: "Play the questions" });
  let where = 1; // everything is there at first
  heard(model, ({ still, frames }) => {
    frame.say(still);
    const drawn = rows(frame.board, still, frames);
    const name = (index) => still.looks[index][1] || `look ${index + 1}`;
    play.take(
      {
        times: still.looks.map((_, index) => index),
        whole: Math.min(WHOLE_MS, 2_500 * still.looks.length), // so long for each question
        clock: (index) => `${name(index)}, ${index + 1} of ${still.looks.length}`,
        say: (index) => `${still.looks[index][0]} ${name(index)}`,
        draw(index) {
          drawn.draw(index);
          readout.textContent = still.looks[index][0];
        },
        paused() {},
      },
      where,
    );
    where = undefined;
  });
}

// Builds the rows of all looks once; draw(index) shows those of one.
export function rows(board, still, frames) {
  const cells = new DataView(frames);
  const list = element("ul", { className: "lab-drawer" }, { "aria-label": "Entries of the cache" });
  const empty = element("p", { className: "lab-hint", textContent: "It holds nothing." });
  list.style.minHeight = `${still.most * ROW_PX}px`;
  const entries = still.labels.map((label, index) => entry(label, still.parents[index] < 0));
  entries.forEach(({ node }, index) => {
    const parent = still.parents[index];
    (parent < 0 ? list : entries[parent].inside).append(node);
  });
  board.replaceChildren(list, empty);
  const at = (look, index) => CELL * (look * entries.length + index);

  return {
    draw(look) {
      const held = entries.map((_, index) => cells.getUint16(at(look, index), true) > 0);
      // A block is there while anything in it is.
      const there = [...held];
      for (let index = entries.length - 1; index >= 0; index--) {
        if (there[index] && still.parents[index] >= 0) there[still.parents[index]] = true;
      }
      entries.forEach((each, index) => {
        each.node.hidden = !there[index];
        each.inside.hidden = !there.some((shown, child) => shown && still.parents[child] === index);
        if (there[index]) each.show(read(cells, at(look, index), still.values));
      });
      empty.hidden = there.includes(true);
    },
  };
}

function read(cells, at, values) {
  const value = cells.getUint16(at, true);
  const [text, negative] = value ? values[value - 1] : ["no entry of its own", false];
  const [left, life] = [cells.getFloat32(at + 4, true), cells.getFloat32(at + 8, true)];
  return { held: value > 0, text, negative, mark: cells.getUint16(at + 2, true), left, life };
}

function entry(label, key) {
  const node = element("li", { className: key ? "lab-entry lab-key" : "lab-entry" });
  const row = node.appendChild(element("div", { className: "lab-entry-row" }));
  const inside = node.appendChild(element("ul"));
  const value = element("span", { className: "lab-value" });
  const bar = element("span", { className: "lab-ttl" });
  const rest = bar.appendChild(element("span"));
  const left = element("span", { className: "lab-seconds" });
  const mark = element("span", { className: "lab-entry-mark" });
  row.append(element("span", { className: "lab-label", textContent: label }), value, bar, left, mark);
  let flash = null;
  return {
    node,
    inside,
    show(now) {
      value.textContent = now.negative ? `∅ ${now.text}` : now.text;
      value.classList.toggle("lab-faint", !now.held);
      const seconds = now.left.toLocaleString("en", { maximumSignificantDigits: 4 });
      left.textContent = now.held ? `${seconds} s left` : "";
      bar.style.visibility = now.held ? "" : "hidden";
      rest.style.width = `${now.life ? Math.min(100, (100 * now.left) / now.life) : 0}%`;
      mark.textContent = MARKS[now.mark];
      row.classList.toggle("lab-answered", now.mark === 1);
      flash?.cancel();
      flash = now.mark === 1 ? flashed(row) : null;
    },
  };
}

function flashed(row) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return null;
  const lit = "color-mix(in srgb, var(--lab-brand) 45%, transparent)";
  return row.animate([{ backgroundColor: lit, offset: 0 }], { duration: 900, easing: "ease-out" });
}
