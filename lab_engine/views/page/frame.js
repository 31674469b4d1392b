// What every picture of the kit stands in: a title, a hint, a board to draw on, and its sentence.

import { element, inflated, whenSized } from "./dom.js";
import { keep } from "./keep.js";
import { listenToKeys } from "./keys.js";

export function framed(model, el) {
  listenToKeys();
  keep(el);
  el.classList.add("lab-picture");
  const title = el.appendChild(element("p", { className: "lab-title" }));
  const hint = el.appendChild(element("p", { className: "lab-hint" }));
  const board = el.appendChild(element("div", { className: "lab-board" }));
  const words = element("p", { className: "lab-words" }, { "aria-live": "polite" });
  el.append(words);
  const put = (property, node, text) => node[property] !== text && (node[property] = text);
  return {
    board,
    // Puts a part between the board and the sentence.
    add: (node) => el.insertBefore(node, words),
    say(still) {
      put("textContent", title, still.title);
      put("textContent", hint, still.hint);
      put("hidden", hint, !still.hint);
      put("textContent", words, model.get("_summary"));
    },
  };
}

// What the kernel sent of a picture, or null where a newer one has come meanwhile.
async function received(model) {
  const sent = model.get("_still");
  const [text, frames] = await Promise.all([inflated(sent), inflated(model.get("_frames"))]);
  if (sent !== model.get("_still")) return null;
  return { still: JSON.parse(new TextDecoder().decode(text)), frames };
}

// Hands on what the kernel sends of a picture, now and each time that there is something newer.
export function heard(model, take) {
  const news = async () => {
    const sent = await received(model);
    if (sent) take(sent);
  };
  news();
  model.on("change:_turn", news);
}

// The same for a picture as wide as its board: `take(sent)` keeps it, `draw(width)` draws what was kept,
// as soon as there is something and the board has a width, and again when either changes.
export function redrawn(model, board, signal, { take, draw }) {
  let there = false;
  let width = 0;
  heard(model, (sent) => {
    take(sent);
    there = true;
    if (width) draw(width);
  });
  whenSized(board, signal, (now) => {
    width = now;
    if (there) draw(width);
  });
}

// One of many marks has the focus: arrow keys go to the next, and Tab leaves. Until the signal.
export function roving(svg, nodes, signal, follow) {
  const indexOf = (event) => nodes.findIndex((node) => node.contains(event.target));
  const hear = (kind, listener) => svg.addEventListener(kind, listener, { signal });
  hear("pointerover", (event) => follow(indexOf(event)));
  hear("focusin", (event) => follow(indexOf(event)));
  hear("pointerleave", () => follow(-1));
  hear("focusout", () => follow(-1));
  hear("keydown", (event) => {
    const at = indexOf(event);
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0 };
    const next = event.key === "End" ? nodes.length - 1 : to[event.key];
    if (at < 0 || next === undefined || !nodes[next]) return;
    event.preventDefault();
    nodes[at].setAttribute("tabindex", -1);
    nodes[next].setAttribute("tabindex", 0);
    nodes[next].focus();
  });
  nodes.forEach((node, index) => {
    node.setAttribute("tabindex", index ? -1 : 0);
    node.dataset.lmSuppressShortcuts = "true";
  });
}
