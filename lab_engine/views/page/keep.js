// Holds a panel that was just run in view. JupyterLab scrolls on to the next cell after Shift+Enter,
// and with it past whatever the learner ran; nothing but an answer to each of its scrolls helps.

const KEEP_MS = 1500;
const held = new WeakMap(); // output -> until when

export function keep(el) {
  const until = performance.now() + KEEP_MS;
  let output = null;
  let over = false;
  const stop = () => (over = true);
  const touched = ["wheel", "pointerdown", "touchstart", "keydown"];
  for (const kind of touched) addEventListener(kind, stop, { capture: true, once: true });

  const step = () => {
    output ??= el.isConnected ? el.closest(".jp-OutputArea") : null;
    if (output && (held.get(output) ?? 0) < until) held.set(output, until);
    if (output && justRun(output)) bringIn(output, scroller(output));
    if (!over && performance.now() < until) requestAnimationFrame(step);
    else for (const kind of touched) removeEventListener(kind, stop, { capture: true });
  };
  requestAnimationFrame(step);
}

// Run All and a reload leave the active cell elsewhere, and must not be pulled here.
function justRun(output) {
  const cell = output.closest(".jp-Cell");
  const active = (node) => node?.classList.contains("jp-mod-active");
  return active(cell) || active(cell?.nextElementSibling);
}

function scroller(node) {
  for (let at = node.parentElement; at; at = at.parentElement) {
    const { overflowY } = getComputedStyle(at);
    if (/auto|scroll/.test(overflowY) && at.scrollHeight > at.clientHeight + 1) return at;
  }
  return document.scrollingElement;
}

// A panel taller than the room shows its top. Outer ancestors are left alone.
function bringIn(output, room) {
  const box = output.getBoundingClientRect();
  const view = room.getBoundingClientRect();
  const below = Math.min(box.bottom - view.bottom, box.top - view.top);
  const by = box.top < view.top ? box.top - view.top : Math.max(0, below);
  if (Math.abs(by) >= 1) room.scrollTop += by;
}
