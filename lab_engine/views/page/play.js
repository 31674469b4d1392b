// The playhead of a picture: play, step, scrub, speed. Everything happens in the page; the picture
// says how many moments it has, what each is called, and draws one. It runs only while on screen,
// and not at all for those who asked their system for less motion: they step.

import { control, element, shape } from "./dom.js";

export const WHOLE_MS = 24_000; // from the first moment to the last, at normal speed
const FINE = 10_000; // steps of the range, for any number of moments
const SPEEDS = ["½", "1", "2", "4"];
const FACTORS = { "½": 0.5, 1: 1, 2: 2, 4: 4 };
const ICONS = {
  back: "M11,3 L4,8 L11,13 Z M3,3 h-1.5 v10 h1.5 Z",
  play: "M4,2.5 L13,8 L4,13.5 Z",
  pause: "M4,3 h3 v10 h-3 Z M9,3 h3 v10 h-3 Z",
  forward: "M5,3 L12,8 L5,13 Z M13,3 h1.5 v10 h-1.5 Z",
};

// A picture gives the `times` it can show, rising; `clock(i)` is short and shown, `say(i)` is for a
// screen reader, `draw(i, time)` draws; `paused(i)` is called where the playhead comes to rest; what
// is over sooner or later than usual says in how many ms, `whole`.
export function playhead(el, signal, { label }) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const box = el.appendChild(element("div", { className: "lab-play" }));
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", label);
  const back = button("Step back", "back");
  const play = button("Play", "play");
  const forward = button("Step forward", "forward");
  const track = element("div", { className: "lab-track" });
  const range = control("input", { type: "range", min: 0, max: FINE, step: 1 }, { "aria-label": "Time" });
  const clock = element("span", { className: "lab-clock" });
  const speed = control("select", { className: "lab-speed" }, { "aria-label": "Speed" });
  for (const name of SPEEDS) speed.append(element("option", { value: name, textContent: `${name}×` }));
  speed.value = "1";
  track.append(range);
  box.append(back, play, forward, track, clock, speed);

  let shows = { times: [0, 1], clock: () => "", say: () => "", draw() {}, paused() {} };
  let at = 0; // a time, between two moments while it plays
  let shown = -1;
  let running = false;
  let visible = true;
  let before = 0;
  const first = () => shows.times[0];
  const last = () => shows.times.at(-1);
  const part = () => (at - first()) / (last() - first() || 1);

  const show = (rest = true) => {
    const index = Math.max(0, shows.times.findLastIndex((time) => time <= at + 1e-9));
    range.value = FINE * part();
    if (index !== shown) clock.textContent = shows.clock(index);
    if (index !== shown || shows.smooth) shows.draw(index, at);
    shown = index;
    // Whoever stands beside this picture may follow it.
    const detail = { time: at, over: at >= last() };
    el.dispatchEvent(new CustomEvent("lab-moment", { bubbles: true, detail }));
    if (rest) {
      range.setAttribute("aria-valuetext", shows.say(index));
      shows.paused(index);
    }
  };
  const tick = (now) => {
    if (!running || !visible || signal?.aborted) return;
    const passed = Math.min(100, now - before);
    before = now;
    at += (passed / (shows.whole ?? WHOLE_MS)) * FACTORS[speed.value] * (last() - first());
    if (at >= last()) go(shows.times.length - 1);
    else show(false);
    requestAnimationFrame(tick);
  };
  const start = () => requestAnimationFrame((now) => ((before = now), tick(now)));
  const run = (on) => {
    if (on && at >= last()) at = first();
    running = on;
    icon(play, on ? "Pause" : "Play", on ? "pause" : "play");
    if (on && visible) start();
    if (!on) show();
  };
  const go = (index) => {
    at = shows.times[Math.min(shows.times.length - 1, Math.max(0, index))];
    if (running) run(false);
    else show();
  };

  play.addEventListener("click", () => run(!running));
  back.addEventListener("click", () => go(shown - 1));
  forward.addEventListener("click", () => go(shown + 1));
  range.addEventListener("input", () => {
    const time = first() + (range.valueAsNumber / FINE) * (last() - first());
    const after = shows.times.findIndex((each) => each >= time);
    const nearer = after > 0 && time - shows.times[after - 1] < shows.times[after] - time;
    go(nearer ? after - 1 : after);
  });
  range.addEventListener("keydown", (event) => {
    const leap = Math.ceil(shows.times.length / 10);
    const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: leap, PageDown: -leap };
    if (event.key in by) go(shown + by[event.key]);
    else if (event.key === " " && !calm.matches) run(!running);
    else return;
    event.preventDefault();
  });

  const calmDown = () => {
    play.hidden = speed.hidden = calm.matches;
    if (calm.matches && running) run(false);
  };
  calm.addEventListener("change", calmDown, { signal });
  calmDown();
  const watch = new IntersectionObserver(([entry]) => {
    const appeared = entry.isIntersecting && !visible;
    visible = entry.isIntersecting;
    if (running && appeared) start();
  });
  watch.observe(box);
  signal?.addEventListener("abort", () => watch.disconnect());

  return {
    track,
    // Another picture in place of the present one: the playhead stays at its part of the whole,
    // or goes to the part given.
    take(next, where = part()) {
      shows = next;
      at = first() + where * (last() - first());
      box.hidden = next.times.length < 2;
      shown = -1;
      show(!running);
    },
  };
}

function button(label, name) {
  const node = control("button", { type: "button" });
  icon(node, label, name);
  return node;
}

function icon(node, label, name) {
  node.setAttribute("aria-label", label);
  node.title = label;
  const picture = shape("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": true });
  picture.append(shape("path", { d: ICONS[name], fill: "currentColor" }));
  node.replaceChildren(picture);
}
