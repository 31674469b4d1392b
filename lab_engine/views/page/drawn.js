// A picture in which nothing moves: the kernel has drawn it, and the page shows it.

import { element } from "./dom.js";
import { framed, heard } from "./frame.js";

export function drawn({ model, el }) {
  const frame = framed(model, el);
  // Its words stand below it, so a screen reader need not be told twice.
  const image = frame.board.appendChild(element("img", { className: "lab-drawn", alt: "" }));
  heard(model, ({ still }) => {
    image.src = `data:image/svg+xml,${encodeURIComponent(still.svg)}`;
    frame.say(still);
  });
}
