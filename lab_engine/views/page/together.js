// Several pictures as one. Each is drawn as it is alone, from what the kernel would send it alone;
// whose playhead moves says so to the others, who hear it at the box that holds them all.

import { element } from "./dom.js";
import { dots } from "./dots.js";
import { drawn } from "./drawn.js";
import { fan } from "./fan.js";
import { heard } from "./frame.js";
import { strip } from "./strip.js";
import { tiles } from "./tiles.js";

const DRAWN = { tiles, fan, dots, strip, drawn };

export function together({ model, el, signal }) {
  el.classList.add("lab-together");
  const parts = [];
  heard(model, ({ still, frames }) => {
    let from = 0;
    const cut = (size) => new DataView(frames, (from += size) - size, size);
    still.parts.forEach(({ kind, sentence, sizes }, index) => {
      const given = { _still: cut(sizes[0]), _frames: cut(sizes[1]), _summary: sentence };
      if (parts[index]) parts[index].give(given);
      else parts[index] = begun(kind, given, el, signal);
    });
  });
}

// A part, with what stands for its model.
function begun(kind, given, el, signal) {
  const listeners = [];
  const model = { get: (name) => given[name], on: (_, listener) => listeners.push(listener) };
  const place = el.appendChild(element("div", { className: `lab-part-${kind}` }));
  DRAWN[kind]({ model, el: place, signal });
  return {
    give(newer) {
      given = newer;
      for (const listener of listeners) listener();
    },
  };
}
