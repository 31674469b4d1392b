// What is done to something that goes on in the kernel: a list of whom to do it to, a button for each
// deed, and a line that says how it stands. While it goes on and is on screen, it asks for news.

import { control, element, unique } from "./dom.js";
import { keep } from "./keep.js";
import { listenToKeys } from "./keys.js";

const EVERY_MS = 500;
const GONE = "The kernel was restarted, and with it this has ended. Run the cells again, from the top.";

export function buttons({ model, el, signal }) {
  listenToKeys();
  keep(el);
  el.classList.add("lab-form");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", model.get("label"));

  const bar = el.appendChild(element("div", { className: "lab-buttons" }));
  const status = element("div", { className: "lab-status" }, { role: "status", "aria-live": "polite" });
  el.append(status);

  const id = unique();
  const list = control("select", { id });
  list.append(...model.get("whom").map((text) => element("option", { value: text, textContent: text })));
  for (const { name, says, aimed } of model.get("deeds")) {
    const press = control("button", { type: "button", textContent: says });
    press.addEventListener("click", () => model.send({ deed: name, whom: list.value }));
    if (!aimed) bar.append(press);
    else {
      if (!list.parentNode) bar.append(element("label", { htmlFor: id, textContent: model.get("asks") }), list);
      bar.append(press);
    }
  }

  const show = () => {
    status.textContent = model.get("status");
    status.classList.toggle("lab-wrong", model.get("wrong"));
  };
  show();
  model.on("change:status change:wrong", show);

  let gone = false;
  // JupyterLab tells each model when the kernel behind it is gone.
  model.on("comm_live_update", () => {
    gone = true;
    status.textContent = GONE;
    status.classList.add("lab-wrong");
  });

  let visible = false;
  const watch = new IntersectionObserver(([entry]) => (visible = entry.isIntersecting));
  watch.observe(bar);
  const timer = setInterval(() => {
    if (model.get("going") && visible && !gone) model.send({ news: true });
  }, EVERY_MS);
  signal?.addEventListener("abort", () => {
    watch.disconnect();
    clearInterval(timer);
    if (!gone) model.send({ left: true });
  });
}
