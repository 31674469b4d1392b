// A question with a few options, and the box that keeps all answers. Native inputs throughout.

export default { render };

function render({ model, el }) {
  el.classList.add("lab-card");
  if (model.get("_kind") === "question") question(model, el);
  else keeper(model, el);
}

function question(model, el) {
  const set = el.appendChild(element("fieldset", {}));
  set.append(element("legend", { textContent: model.get("question") }));
  const group = `lab-${Math.random().toString(36).slice(2)}`;
  for (const option of model.get("options")) {
    const radio = element("input", { type: "radio", name: group, value: option });
    const label = element("label", {});
    label.append(radio, document.createTextNode(` ${option}`));
    set.append(label);
  }
  const button = set.appendChild(element("button", { type: "button", textContent: model.get("verb") }));
  const said = set.appendChild(status());
  button.addEventListener("click", () => {
    const picked = set.querySelector("input:checked");
    if (!picked) {
      said.textContent = "Choose one first.";
      return;
    }
    model.set("chosen", picked.value);
    model.save_changes();
  });
  const show = () => {
    const chosen = model.get("chosen");
    for (const radio of set.querySelectorAll("input")) radio.checked = radio.value === chosen;
    said.textContent = model.get("feedback");
  };
  show();
  model.on("change:chosen change:feedback", show);
}

function keeper(model, el) {
  const save = element("button", { type: "button", textContent: "Download my answers" });
  const label = element("label", { textContent: "Restore my answers from a file: " });
  const file = element("input", { type: "file", accept: ".json,application/json" });
  label.append(file);
  const said = status();
  el.append(save, label, said);
  save.addEventListener("click", () => {
    const blob = new Blob([model.get("content")], { type: "application/json" });
    const link = element("a", { href: URL.createObjectURL(blob), download: model.get("filename") });
    link.click();
    URL.revokeObjectURL(link.href);
  });
  file.addEventListener("change", async () => {
    if (!file.files.length) return;
    model.set("restored", await file.files[0].text());
    model.save_changes();
    file.value = ""; // so that the same file can be chosen again
  });
  const show = () => (said.textContent = model.get("feedback"));
  show();
  model.on("change:feedback", show);
}

function status() {
  const node = element("div", { className: "lab-said" });
  node.setAttribute("role", "status");
  node.setAttribute("aria-live", "polite");
  return node;
}

function element(tag, properties) {
  const node = Object.assign(document.createElement(tag), properties);
  node.dataset.lmSuppressShortcuts = "true"; // JupyterLab leaves keys pressed here alone
  return node;
}
