// anywidget 0.11 waits two seconds for a widget's code. Where that comes later, the widget is shown,
// but hears no more of its kernel, and never will. Such a widget is made to hear as any widget of
// ipywidgets does, and asks for what it missed.

const NOTHING = { content: { data: {} } };

async function hear(model) {
  const own = await found(model).catch(() => null); // elsewhere it stays as anywidget left it
  const listen = own && below(own, "_handle_comm_msg");
  if (!listen || !own.comm) return;
  own._handle_comm_msg(NOTHING).catch(() => {
    own.comm.on_msg(listen.bind(own));
    own.comm.send({ method: "request_state" });
  });
}

async function found(model) {
  return model.widget_manager?.get_model?.(model.get("_address"));
}

// What a method is in the class below the one that says it last, which is anywidget's.
function below(object, name) {
  const said = [];
  for (let each = object; each; each = Object.getPrototypeOf(each)) {
    if (Object.hasOwn(each, name)) said.push(each[name]);
  }
  return said[1];
}
