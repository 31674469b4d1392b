// The matrix: cells that are filled question by question, and below them the packets and the cache
// of the column that is chosen, under one playhead.

import { element, hang, unique } from "./dom.js";
import { rows } from "./drawer.js";
import { framed, redrawn, roving } from "./frame.js";
import { WHOLE_MS, playhead } from "./play.js";
import { lanes, read, reserve } from "./strip.js";

export function matrix({ model, el, signal }) {
  const frame = framed(model, el);
  const readout = frame.add(element("p", { className: "lab-readout" }));
  const play = playhead(frame.add(element("div")), signal, { label: "Play the questions" });
  const strip = part(frame);
  const packet = frame.add(element("pre", { className: "lab-packet", id: unique() }));
  const drawer = part(frame);
  let sent = null;
  let where = 1; // everything is there at first
  const draw = (width) => {
    const { still, frames } = sent;
    const marks = [...still.cells.map((cell) => ({ words: cell[5] })), ...(still.strip?.marks ?? [])];
    reserve(packet, marks);
    const drawn = [table(frame.board, still, (words) => read(packet, marks, words), packet.id)];
    if (strip.take(still.strip)) strip.drawn = lanes(strip.board, still.strip, width, packet);
    if (drawer.take(still.drawer)) drawn.push(rows(drawer.board, still.drawer, frames));
    let shown = -1;
    play.take(
      {
        times: Array.from({ length: still.said.length + 1 }, (_, index) => index),
        smooth: true,
        whole: Math.min(WHOLE_MS, 2_500 * still.said.length), // so long for each question
        clock: (index) => `${index} of ${still.said.length} asked`,
        say: (index) => still.said[index - 1] ?? "Before the first question.",
        draw(index, time) {
          if (still.strip) strip.drawn.uncover(time);
          if (index === shown) return;
          shown = index;
          for (const each of drawn) each.draw(index);
          readout.textContent = this.say(index);
        },
        paused() {},
      },
      where,
    );
    where = undefined;
  };
  const take = (news) => {
    sent = news;
    frame.say(sent.still);
  };
  redrawn(model, frame.board, signal, { take, draw });
}

// A part of the picture with a title of its own, which may not be there.
function part(frame) {
  const box = frame.add(element("div", { className: "lab-part" }));
  const title = box.appendChild(element("p", { className: "lab-strong" }));
  const board = box.appendChild(element("div"));
  return {
    board,
    take(still) {
      box.hidden = !still;
      title.textContent = still?.title ?? "";
      return Boolean(still);
    },
  };
}

function table(board, still, show, id) {
  const node = element("table", { className: "lab-matrix" });
  const head = node.appendChild(element("thead")).appendChild(element("tr"));
  head.append(element("td"));
  still.columns.forEach((name, index) => {
    const className = index === still.chosen ? "lab-chosen" : "";
    head.append(element("th", { textContent: name, scope: "col", className }));
  });
  const body = node.appendChild(element("tbody"));
  const heads = [];
  const cells = still.rows.map((name) => {
    const row = body.appendChild(element("tr"));
    heads.push(row.appendChild(element("th", { textContent: name, scope: "row" })));
    return still.columns.map((_, index) => row.appendChild(cell(index === still.chosen)));
  });
  const gone = hang(board, node);

  let now = [];
  const flat = cells.flat();
  roving(node, flat, gone, (index) => {
    const words = now[index]?.[5];
    if (!words) return;
    show(words);
    flat[index].setAttribute("aria-describedby", id);
  });
  return {
    draw(step) {
      now = flat.map(() => null);
      for (const each of still.cells) {
        if (each[2] <= step) now[each[0] * still.columns.length + each[1]] = each;
      }
      flat.forEach((td, index) => fill(td, now[index], still.symbols));
      heads.forEach((head, row) => head.classList.toggle("lab-asked", row === still.asked[step - 1]));
    },
  };
}

function cell(chosen) {
  const td = element("td", { className: chosen ? "lab-chosen" : "" });
  td.append(element("span", { className: "lab-state" }), element("span", { className: "lab-note" }));
  return td;
}

function fill(td, now, symbols) {
  const [state, note] = td.children;
  const [, , , word, more] = now ?? [0, 0, 0, "", ""];
  state.textContent = [symbols[word], word].filter(Boolean).join(" ");
  note.textContent = more;
  td.dataset.state = word;
}
