// A plane across the acquired slices, cut from those that are here, in the look of the viewer.

import { crosshair, draw, placed } from "/static/draw.js";
import { fatLayer, greyLayer } from "/static/layers.js";
import { outlinesOf } from "/static/outlines.js";
import { Wheel, onDrag } from "/static/pointer.js";

const NONE = 255;

export class Plane {
  // `told`: of the server, how it is cut; `planes` moves the cross-hair.
  constructor(canvas, viewer, told, planes) {
    Object.assign(this, { canvas, viewer, planes });
    this.about = { ...viewer.about, ...told };
    this.about.box = this.box(viewer.about);
    this.context = canvas.getContext("2d");
    this.same = sameColour(this.about.colours);
    const wheel = new Wheel((steps) => this.step(steps));
    canvas.addEventListener("wheel", (event) => wheel.turn(event), { passive: false });
    onDrag(canvas, { dragged: (x, y) => viewer.adjust(x / 200, y / 300), clicked: (event) => this.point(event) });
    new ResizeObserver(() => viewer.paint()).observe(canvas);
  }

  // The part that holds the body, as in the slices; all slices.
  box(acquired) {
    const [left, top, right, bottom] = acquired.box;
    const range = { slice: [0, acquired.slices], row: [top, bottom], column: [left, right] };
    const size = { slice: acquired.slices, row: acquired.rows, column: acquired.columns };
    const along = ({ axis, flip }) => (flip ? range[axis].map((n) => size[axis] - n).reverse() : range[axis]);
    const [across, down] = [along(this.about.across), along(this.about.down)];
    return [across[0], down[0], across[1], down[1]];
  }

  get index() {
    return this.viewer.at[this.about.through.axis];
  }

  get shown() {
    return this.canvas.offsetParent !== null;
  }

  show(index) {
    return this.planes.go({ [this.about.through.axis]: index });
  }

  step(by) {
    return this.show(this.index + (this.about.upwards ? by : -by));
  }

  end(top) {
    return this.show(top === this.about.upwards ? this.about.slices - 1 : 0);
  }

  // Place of the cross-hair in this picture, pixels.
  get cross() {
    const place = ({ axis, flip }, most) => (flip ? most - 1 - this.viewer.at[axis] : this.viewer.at[axis]);
    return { column: place(this.about.across, this.about.columns), row: place(this.about.down, this.about.rows) };
  }

  // The cross-hair goes to what was clicked.
  point(event) {
    const lies = placed(this.about, { width: this.canvas.clientWidth, height: this.canvas.clientHeight }, this.viewer.look.whole);
    const place = ({ axis, flip }, most, pixel) => [axis, flip ? most - 1 - Math.floor(pixel) : Math.floor(pixel)];
    this.planes.go(Object.fromEntries([
      place(this.about.across, this.about.columns, (event.offsetX - lies.x) / lies.across),
      place(this.about.down, this.about.rows, (event.offsetY - lies.y) / lies.down),
    ]));
  }

  paint(table) {
    if (!this.shown) return;
    const { viewer, canvas, about } = this;
    const ratio = devicePixelRatio || 1;
    const size = { width: Math.round(canvas.clientWidth * ratio), height: Math.round(canvas.clientHeight * ratio), ratio };
    if (canvas.width !== size.width || canvas.height !== size.height) Object.assign(canvas, { width: size.width, height: size.height });
    const key = [this.index, viewer.stack.here.size, viewer.tool?.version].join();
    if (this.key !== key) [this.key, this.slice, this.drawn] = [key, this.cut(), {}];
    if (this.table !== table) [this.table, this.drawn.grey] = [table, null];
    this.drawn.grey ??= greyLayer(about, this.slice, table);
    if (viewer.look.fat) this.drawn.fat ??= fatLayer(about, this.slice);
    draw(this.context, size, about, this.slice, { grey: this.drawn.grey, fat: viewer.look.fat ? this.drawn.fat : null }, viewer.look, this.words());
    if (this.planes.crossed) crosshair(this.context, placed(about, size, viewer.look.whole), this.cross, size);
    canvas.dataset.shown = this.index;
    canvas.setAttribute("aria-label", `${about.plane} picture ${this.words()}`);
  }

  words() {
    const missing = this.viewer.about.slices - this.viewer.stack.here.size;
    return `${this.index + 1}/${this.about.slices} · ${this.about.positions[this.index]}${missing ? ` · ${missing} slices still come` : ""}`;
  }

  // Grey, labels, fat and what was left out, line by line of every slice that is here; the outlines around that.
  cut() {
    const { about, viewer } = this;
    const n = about.rows * about.columns;
    const found = { grey: new Uint16Array(n), labels: new Uint8Array(n), fat: about.fat ? new Uint8Array(n).fill(NONE) : null, excluded: new Uint8Array(n) };
    const { columns } = viewer.about;
    const [from, by, length] = about.through.axis === "row" ? [this.index * columns, 1, columns] : [this.index, columns, viewer.about.rows];
    const upright = about.down.axis === "slice"; // slices lie above each other, else beside each other
    const [ofSlice, ofLine] = upright ? [about.down, about.across] : [about.across, about.down];
    const put = (target, source, slice) => {
      const line = ofSlice.flip ? viewer.about.slices - 1 - slice : slice;
      for (let k = 0, at = from; k < length; k++, at += by) {
        const place = ofLine.flip ? length - 1 - k : k;
        target[upright ? line * about.columns + place : place * about.columns + line] = source[at];
      }
    };
    for (const [index, slice] of viewer.stack.here) {
      put(found.grey, slice.grey, index);
      put(found.labels, viewer.tool?.labelsAt(index, slice) ?? slice.labels, index);
      if (found.fat) put(found.fat, slice.fat, index);
      put(found.excluded, slice.excluded, index);
    }
    const zone = outlinesOf(found.excluded, about.columns, {}).flatMap(([, lines]) => lines);
    return { ...found, outlines: outlinesOf(found.labels.map((value) => this.same[value]), about.columns, about.colours), zone };
  }
}

// What has one colour is outlined as one.
function sameColour(colours) {
  const first = new Map();
  const table = new Uint8Array(256);
  for (const [value, colour] of Object.entries(colours)) {
    if (!first.has(colour)) first.set(colour, Number(value));
    table[value] = first.get(colour);
  }
  return table;
}
