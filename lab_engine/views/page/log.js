// The table of a server's log. It asks the kernel for news when told to, or, while Follow is pressed
// and the table is on screen, once a second.

import { control, element } from "./dom.js";
import { keep } from "./keep.js";
import { listenToKeys } from "./keys.js";

const EVERY_MS = 1000;
const COLUMNS = ["number", "at (UTC)", "from", "question", "answered"];

export function log({ model, el, signal }) {
  listenToKeys();
  keep(el);
  el.classList.add("lab-picture");
  const bar = el.appendChild(element("div", { className: "lab-log-bar" }));
  const again = control("button", { type: "button", textContent: "Read again" });
  const follow = control("button", { type: "button", textContent: "Follow" }, { "aria-pressed": false });
  const said = element("span", {}, { role: "status" });
  bar.append(again, follow, said);
  const table = el.appendChild(element("table", { className: "lab-log" }));
  const caption = table.appendChild(element("caption", { textContent: "What the server was asked, newest first" }));
  const head = table.appendChild(element("thead")).appendChild(element("tr"));
  head.append(...COLUMNS.map((textContent) => element("th", { textContent, scope: "col" })));
  const body = table.appendChild(element("tbody"));
  caption.className = "lab-hint";

  let known = model.get("_count");
  const show = () => {
    const count = model.get("_count");
    const news = count - known;
    body.replaceChildren(...model.get("_rows").map((row) => line(row, row[0] > known)));
    said.textContent = `${count} question${count === 1 ? "" : "s"}${news > 0 ? `, ${news} of them new` : ""}`;
    known = count;
  };
  show();
  model.on("change:_rows", show);
  const read = () => model.send({ read: true });
  again.addEventListener("click", read);

  let on = false;
  let visible = false;
  follow.addEventListener("click", () => {
    on = !on;
    follow.setAttribute("aria-pressed", on);
  });
  const watch = new IntersectionObserver(([entry]) => (visible = entry.isIntersecting));
  watch.observe(table);
  const timer = setInterval(() => on && visible && read(), EVERY_MS);
  signal?.addEventListener("abort", () => {
    watch.disconnect();
    clearInterval(timer);
  });
}

function line(row, fresh) {
  const node = element("tr", { className: fresh ? "lab-fresh" : "" });
  row.forEach((value, index) => {
    node.append(element("td", { textContent: fresh && index === 0 ? `${value} new` : value }));
  });
  return node;
}
