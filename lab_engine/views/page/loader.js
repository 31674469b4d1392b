// What every widget of the lab begins with: it fetches the front end from the kernel, once a page
// however many widgets, notebooks and kernels there are, and hands over to the part it is for.

const PAGE = "lab_engine";
const PATIENCE_MS = 10_000; // a kernel this late is busy or gone: ask another notebook's, if any

export default { initialize, render };

function library(name) {
  const page = (globalThis[PAGE] ??= {});
  return (page[name] ??= { code: null, asked: new Map(), waiting: [] });
}

// Here and not in render: the answer may come after the view that asked is gone.
function initialize({ model }) {
  hear(model);
  model.on("msg:custom", (content, buffers) => {
    if (content?.answer) receive(library(content.answer), buffers[0]);
  });
}

async function receive(wanted, packed) {
  wanted.code ??= load(packed);
  for (const resolve of wanted.waiting.splice(0)) resolve(wanted.code);
}

async function load(packed) {
  const bytes = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const source = await new Response(bytes).text();
  const parts = ["const module = { exports: {} };", source, ";export default module.exports;"];
  const url = URL.createObjectURL(new Blob(parts, { type: "text/javascript" }));
  try {
    return (await import(/* webpackIgnore: true */ url)).default;
  } finally {
    URL.revokeObjectURL(url);
  }
}

async function fetched(model, name, tell) {
  const wanted = library(name);
  if (wanted.code) return wanted.code;

  const arrival = new Promise((resolve) => wanted.waiting.push(resolve));
  if (!lately(wanted)) ask(model, name, wanted);
  const late = setTimeout(() => {
    if (!wanted.asked.has(model.get("_kernel"))) ask(model, name, wanted);
    tell("Waiting for the kernel. It is running other cells, or has stopped: then restart it.");
  }, PATIENCE_MS);
  return arrival.finally(() => clearTimeout(late));
}

function lately(wanted) {
  return [...wanted.asked.values()].some((when) => Date.now() - when < PATIENCE_MS);
}

function ask(model, name, wanted) {
  wanted.asked.set(model.get("_kernel"), Date.now());
  model.send({ ask: name });
}

function render({ model, el, signal }) {
  el.classList.add("lab-live");
  start(model, el, signal); // not awaited: the view stands while its code is on its way
}

async function start(model, el, signal) {
  const quiet = model.get("_quiet");
  const say = (text) => (el.textContent = quiet ? "" : text);
  say("Drawing…");
  try {
    const front = await fetched(model, model.get("_front"), say);
    if (signal?.aborted) return;
    say("");
    const fetch = (name, tell) => fetched(model, name, tell);
    await front[model.get("_part")]({ model, el, signal, fetch });
  } catch (error) {
    el.textContent = `This browser could not draw it (${error.message}).`;
  }
}
