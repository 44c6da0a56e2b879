// The views of one study: the acquired slices, the two planes across them, 3-D, or all; and the cross-hair that links them.

import { Plane } from "/static/plane.js";
import { Solid } from "/static/solid.js";

const by = (id) => document.getElementById(id);
const AXES = { slice: "slices", row: "rows", column: "columns" };
const capital = (words) => words.replace(/^./, (c) => c.toUpperCase());

export class Planes {
  constructor(viewer) {
    this.viewer = viewer;
    this.asked = null; // the cross-hair: as the view wants it, until the reader says
    this.others = viewer.about.planes.map((told, n) => new Plane(by(`plane-${n + 1}`), viewer, told, this));
    this.solid = new Solid(viewer, this);
    this.names = [capital(viewer.about.plane), ...this.others.map((plane) => capital(plane.about.plane)), "3-D", "All"];
    this.views = ["acquired", "plane-1", "plane-2", "solid", "all"];
    viewer.planes = this;
    this.names.forEach((name, n) => {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: name, title: "Key y: next view" });
      button.dataset.view = this.views[n];
      button.addEventListener("click", () => this.look(this.views[n]));
      by("views").append(button);
    });
    viewer.stack.arrived = () => this.others.some((plane) => plane.shown) && viewer.paint();
    this.look("acquired");
  }

  look(view) {
    this.view = view;
    by("stage").dataset.view = view;
    document.querySelectorAll("#views button").forEach((b) => b.setAttribute("aria-pressed", b.dataset.view === view));
    this.slider();
    this.viewer.paint();
  }

  turn(by_) {
    const n = this.views.length;
    this.look(this.views[(this.views.indexOf(this.view) + by_ + n) % n]);
  }

  // The acquired slices are on the screen: what is drawn there can be seen.
  get acquired() {
    return this.view === "acquired" || this.view === "all";
  }

  // What keys and the slider turn: the only picture, or the one that has the focus, or the acquired slices.
  get front() {
    const focused = this.view === "all" ? document.activeElement?.id : this.view;
    if (focused === "solid" || focused === "solid-canvas") return this.solid;
    return this.others.find((plane) => plane.canvas.id === focused) ?? this.viewer;
  }

  get crossed() {
    return this.asked ?? this.view !== "acquired";
  }

  cross() {
    this.asked = !this.crossed;
    this.viewer.paint();
  }

  // The cross-hair goes there; what is not said stays.
  go(to) {
    const { at, about } = this.viewer;
    for (const [axis, size] of Object.entries(AXES)) at[axis] = Math.max(0, Math.min(about[size] - 1, to[axis] ?? at[axis]));
    this.slider();
    if (at.slice !== this.viewer.index) return this.viewer.show(at.slice);
    this.viewer.paint();
  }

  get sliding() {
    return this.front === this.solid ? this.viewer : this.front;
  }

  slide(index) {
    return this.sliding.show(index);
  }

  slider() {
    const front = this.sliding;
    by("slice").max = front.about.slices - 1;
    by("slice").value = front.index;
    by("slice").setAttribute("aria-valuetext", `${front.index + 1} of ${front.about.slices}`);
  }

  paint() {
    for (const plane of this.others) plane.paint(this.viewer.table);
    this.solid.paint();
  }
}
