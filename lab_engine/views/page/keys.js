// Shift+Enter inside one of our widgets runs the next cell. Left alone, JupyterLab either hears
// nothing, since our inputs keep their keys, or runs the widget's own cell again and resets it.

const LISTENING = "lab_engine.keys";

export function listenToKeys() {
  if (globalThis[LISTENING]) return;
  globalThis[LISTENING] = true;
  addEventListener("keydown", onward, { capture: true });
}

function onward(event) {
  if (event.key !== "Enter" || !event.shiftKey || !event.isTrusted) return;
  const live = event.target.closest?.(".lab-live");
  // A card takes what was chosen in it for committed: whichever listens first tells it.
  live?.dispatchEvent(new CustomEvent("lab-onward"));
  const next = live?.closest(".jp-Cell")?.nextElementSibling;
  if (!next?.classList.contains("jp-Cell")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  next.focus({ preventScroll: true });
  const key = { key: "Enter", code: "Enter", keyCode: 13, which: 13, shiftKey: true };
  next.dispatchEvent(new KeyboardEvent("keydown", { ...key, bubbles: true, cancelable: true }));
}
