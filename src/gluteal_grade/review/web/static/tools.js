// The buttons and keys for correcting contours.

import { RADII_MM } from "/static/pencil.js";

const by = (id) => document.getElementById(id);

// Wires the buttons to a `Correcting`; the keys that hold while it is on, key to function.
export function wireTools(correcting) {
  const muscles = [...new Set(correcting.muscles.map((m) => m.muscle))];
  muscles.forEach((muscle, n) => {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: muscle.replace(/^./, (c) => c.toUpperCase()), title: `Key ${n + 1}` });
    button.style.setProperty("--muscle", correcting.muscles.find((m) => m.muscle === muscle).colour);
    button.dataset.muscle = muscle;
    button.addEventListener("click", () => correcting.choose({ muscle }));
    by("draw-muscles").append(button);
  });
  const wired = {
    "draw-right": () => correcting.choose({ side: "right" }),
    "draw-left": () => correcting.choose({ side: "left" }),
    "draw-brush": () => correcting.set("tool", "brush"),
    "draw-eraser": () => correcting.set("tool", "eraser"),
    "draw-outline": () => correcting.set("tool", "outline"),
    "draw-grow": () => correcting.set("tool", "grow"),
    "draw-over": () => correcting.set("over", !correcting.pencil.over),
    "draw-undo": () => correcting.undo(),
    "draw-redo": () => correcting.redo(),
    "draw-fill": () => correcting.fill(),
    "draw-discard": () => correcting.discard(),
    "draw-measure": () => correcting.measure(),
  };
  for (const [id, action] of Object.entries(wired)) by(id).addEventListener("click", action);
  by("draw-size").max = RADII_MM.length - 1;
  by("draw-size").addEventListener("input", (event) => correcting.set("radius", RADII_MM[event.target.value]));
  document.addEventListener("keydown", (event) => withControl(correcting, event));
  const numbered = muscles.map((muscle, n) => [String(n + 1), () => correcting.choose({ muscle })]);
  const button = (action) => (event) => (event.target.matches("a, button, input") ? false : action());
  const arrow = (across, down, action) => (event) => {
    if (event.target.matches("input[type=range], .facts")) return false;
    return event.shiftKey ? correcting.pencil.step(across, down) : action();
  };
  return {
    ...Object.fromEntries(numbered),
    s: () => correcting.choose({ side: correcting.chosen.side === "right" ? "left" : "right" }),
    b: () => correcting.set("tool", "brush"),
    e: () => correcting.set("tool", "eraser"),
    l: () => correcting.set("tool", "outline"),
    g: () => correcting.set("tool", "grow"),
    o: () => correcting.set("over", !correcting.pencil.over),
    "[": () => correcting.resize(-1),
    "]": () => correcting.resize(1),
    u: () => correcting.undo(),
    U: () => correcting.redo(),
    i: () => correcting.fill(),
    x: () => correcting.discard(),
    m: () => correcting.measure(),
    d: () => correcting.toggle(),
    Escape: () => correcting.pencil.forget() || correcting.toggle(),
    " ": button(() => correcting.pencil.stamp()),
    Enter: button(() => correcting.pencil.close()),
    ArrowUp: arrow(0, -1, () => correcting.viewer.front.step(1)),
    ArrowDown: arrow(0, 1, () => correcting.viewer.front.step(-1)),
    ArrowLeft: arrow(-1, 0, () => false),
    ArrowRight: arrow(1, 0, () => false),
  };
}

// Undo and redo as everywhere.
function withControl(correcting, event) {
  if (!correcting.on || !(event.ctrlKey || event.metaKey) || event.altKey || document.querySelector("dialog[open]")) return;
  const key = event.key.toLowerCase();
  if (key !== "z" && key !== "y") return;
  event.preventDefault();
  if (key === "y" || event.shiftKey) correcting.redo();
  else correcting.undo();
}
