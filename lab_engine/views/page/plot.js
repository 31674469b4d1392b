// The live plot: draws with plotly.js, which the kernel sends once a page, and repaints in the
// colours of the page. It holds no data of its own: first figure + changes = what is drawn.

import { keep } from "./keep.js";

const PLOTLY = "plotly.js";
const THEME_MS = 1000;
const DEFAULT_HEIGHT = 380;
const CONFIG = {
  // Its buttons would stand inside an image, and one of them uploads the chart.
  displayModeBar: false,
  plotlyServerURL: "",
  topojsonURL: "/", // map outlines come with the figure, never from the network
};

export function plot({ model, el, signal, fetch }) {
  keep(el);
  el.classList.add("lab-plot");
  const picture = el.appendChild(document.createElement("div"));
  const words = el.appendChild(document.createElement("p"));
  picture.setAttribute("role", "img");
  words.setAttribute("aria-live", "polite");
  words.className = "lab-plot-words";

  const say = () => {
    const summary = model.get("_summary");
    picture.setAttribute("aria-label", summary);
    if (words.textContent !== summary) words.textContent = summary;
  };
  say();
  model.on("change:_summary", say);

  picture.style.height = `${present(model).layout.height ?? DEFAULT_HEIGHT}px`;
  picture.textContent = "Drawing…";
  begin(model, el, picture, signal, fetch); // not awaited: plotly.js may be long on its way
}

async function begin(model, el, picture, signal, fetch) {
  let Plotly;
  try {
    Plotly = await fetch(PLOTLY, (text) => (picture.textContent = text));
  } catch (error) {
    picture.textContent = `This browser could not load plotly.js (${error.message}).`;
    return;
  }
  await shown(picture, signal);
  if (signal?.aborted) return;

  picture.textContent = "";
  let stale = false;
  let painted = "";
  const draw = newestOnly(() => {
    // Without a place in the page there are no colours and no width: then when it has one.
    stale = picture.clientWidth === 0;
    if (stale) return undefined;
    painted = ink(el);
    const { data, layout } = present(model);
    picture.style.height = `${layout.height ?? DEFAULT_HEIGHT}px`;
    // A width of its own spares plotly.js a measurement of the page.
    const width = layout.width ?? picture.clientWidth;
    return Plotly.react(picture, data, { ...paint(layout, el), width }, CONFIG);
  });
  model.on("change:_changes", draw);
  await draw();

  const sizes = new ResizeObserver(() => {
    if (stale || (picture.clientWidth && picture.clientWidth !== picture._fullLayout.width)) draw();
  });
  sizes.observe(picture);
  // No front end tells when a new theme's style sheet has taken hold, so look now and then.
  const themes = setInterval(() => ink(el) !== painted && draw(), THEME_MS);
  signal?.addEventListener("abort", () => {
    sizes.disconnect();
    clearInterval(themes);
    Plotly.purge(picture);
  });
}

// Resolves once the node has a width: a view is made before it is put into the page, and a
// notebook in a hidden tab has none.
function shown(node, signal) {
  return new Promise((resolve) => {
    const sizes = new ResizeObserver(() => {
      if (node.clientWidth === 0) return;
      sizes.disconnect();
      resolve();
    });
    sizes.observe(node);
    signal?.addEventListener("abort", () => (sizes.disconnect(), resolve()));
  });
}

// While one drawing runs, only the newest of the requests that come in is remembered.
function newestOnly(work) {
  let running = false;
  let again = false;
  return async () => {
    again = true;
    if (running) return;
    running = true;
    try {
      while (again) {
        again = false;
        await work();
      }
    } finally {
      running = false;
    }
  };
}

function present(model) {
  const first = model.get("_first");
  const changes = model.get("_changes");
  const count = changes.count ?? first.data.length;
  const data = Array.from({ length: count }, (_, i) => lay(first.data[i], changes.data?.[i]));
  return { data, layout: structuredClone(lay(first.layout, changes.layout)) };
}

function lay(base, over) {
  const whole = { ...base, ...over };
  for (const key in whole) if (whole[key] === null) delete whole[key];
  return whole;
}

// ---- colours of the page ----

// Into the template, so that a colour a figure chose itself still wins.
function paint(layout, el) {
  const { text, faint, line, paper } = colours(el);
  const style = layout.template.layout;
  style.font = { ...style.font, color: text };
  style.paper_bgcolor = style.plot_bgcolor = "rgba(0,0,0,0)";
  style.hoverlabel = { ...style.hoverlabel, bgcolor: paper, bordercolor: line, font: { color: text } };
  const axis = { gridcolor: faint, zerolinecolor: faint, linecolor: line, tickcolor: line };
  style.xaxis = { ...style.xaxis, ...axis };
  style.yaxis = { ...style.yaxis, ...axis };
  return { height: DEFAULT_HEIGHT, uirevision: "kept", ...layout };
}

function colours(el) {
  const [r, g, b] = ink(el).match(/[\d.]+/g);
  const see = (alpha) => `rgba(${r},${g},${b},${alpha})`;
  return { text: see(0.9), faint: see(0.15), line: see(0.55), paper: ground(el) };
}

function ink(el) {
  return getComputedStyle(el).color;
}

function ground(el) {
  for (let at = el; at; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor;
    if (colour && !/^(transparent|rgba\(.*, 0\))$/.test(colour)) return colour;
  }
  return "white";
}
