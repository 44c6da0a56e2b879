// The brush on the canvas: what is shown while a muscle is drawn, and strokes of mouse, pen and keyboard.

import { painted, sweep } from "/static/brush.js";
import { path } from "/static/draw.js";
import { REACH, alikeIn, grow } from "/static/grow.js";
import { drawOpen, enclose } from "/static/lasso.js";
import { outlinesOf } from "/static/outlines.js";
import { middleOf, middleOfBody } from "/static/places.js";

export const RADII_MM = [0.5, 1, 1.5, 2, 3, 4, 6, 8, 12, 16];
const traced = new WeakMap(); // outlines of slices as they are once a stroke has ended
const TINT = 0.15;

export class Pencil {
  // `changed` is called after each stroke.
  constructor(viewer, drawing, { colours, value }, changed) {
    Object.assign(this, { viewer, drawing, colours, value, changed });
    this.on = false;
    this.tool = "brush"; // or eraser, outline, grow
    this.over = false;
    this.radius = 4;
    this.stroke = null;
    this.corners = null; // of an outline that is not closed yet
    this.at = null; // of the brush, pixels
    viewer.tool = this;
    const canvas = viewer.canvas;
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => this.up(event));
    canvas.addEventListener("contextmenu", (event) => this.on && event.preventDefault());
    canvas.addEventListener("pointerleave", () => this.on && !this.busy && this.place(null));
  }

  get about() {
    return this.viewer.about;
  }

  // The slice as it is drawn; what nobody has changed is shown as the program drew it.
  labelled(index, slice) {
    if (this.stroke?.index === index) {
      const { labels } = this.stroke;
      return { ...slice, labels, outlines: outlinesOf(labels, this.about.columns, this.colours) };
    }
    const labels = this.drawing.labels(index, slice.labels);
    if (!this.on && labels.every((value, n) => value === this.drawing.whole[slice.labels[n]])) return slice;
    if (!traced.has(labels)) traced.set(labels, outlinesOf(labels, this.about.columns, this.colours));
    return { ...slice, labels, outlines: traced.get(labels) };
  }

  // Labels alone, for the planes across; whole muscles everywhere once something is drawn.
  labelsAt(index, slice) {
    if (this.stroke?.index === index) return this.stroke.labels;
    return this.on || this.drawing.altered ? this.drawing.labels(index, slice.labels) : slice.labels;
  }

  // Differs whenever `labelsAt` gives something else.
  get version() {
    return this.stroke ? `${this.drawing.version} ${this.stroke.painted}` : `${this.drawing.version} ${this.on}`;
  }

  get erase() {
    return this.tool === "eraser";
  }

  // A pointer is drawing.
  get busy() {
    return this.stroke !== null || this.corners?.pointer !== undefined;
  }

  get ready() {
    return !this.busy && this.viewer.shows === this.viewer.index && this.viewer.planes.acquired;
  }

  down(event) {
    if (!this.on || event.button !== 0 || !this.ready) return;
    const at = this.viewer.pixel(event);
    if (this.tool === "outline") {
      this.corners = { index: this.viewer.index, points: [at], pointer: event.pointerId };
      return;
    }
    if (this.tool === "grow") return this.grow(at);
    this.begin(at);
    this.stroke.pointer = event.pointerId;
  }

  // True while a stroke is drawn: then the pointer does nothing else.
  move(event) {
    if (!this.on) return false;
    if (this.busy && (this.stroke ?? this.corners).index !== this.viewer.index) { // another slice was turned to: this one is done
      if (this.stroke) this.end();
      else this.forget();
    }
    if (!this.busy || (this.stroke ?? this.corners).pointer !== event.pointerId) {
      this.place(this.viewer.pixel(event));
      return false;
    }
    for (const one of event.getCoalescedEvents?.() ?? [event]) {
      if (this.stroke) this.draw(this.viewer.pixel(one));
      else this.corner(this.viewer.pixel(one));
    }
    return true;
  }

  up(event) {
    if (!this.busy || (this.stroke ?? this.corners).pointer !== event.pointerId) return;
    if (this.stroke) this.end();
    else this.close();
  }

  corner(at) {
    this.corners.points.push(at);
    this.place(at);
  }

  // The outline is closed, and what it encloses is the muscle.
  close() {
    const { index, points } = this.corners ?? { points: [] };
    this.corners = null;
    this.viewer.paint();
    if (points.length < 3 || this.viewer.shows !== index) return;
    const labels = this.viewer.slice.labels.slice();
    if (enclose(labels, this.about, points, this)) this.drawn(index, labels);
  }

  // False where there is none.
  forget() {
    const open = this.corners !== null;
    this.corners = null;
    this.viewer.paint();
    return open;
  }

  drawn(index, labels) {
    this.drawing.change(new Map([[index, labels]]), this.value);
    this.viewer.relabel();
    this.changed();
  }

  // How far the tool reaches from where it is, mm.
  get reach() {
    return this.tool === "grow" ? REACH * this.radius : this.radius;
  }

  // What hangs together with this place and is as bright becomes the muscle.
  grow(at) {
    const { index, slice, window } = this.viewer;
    const labels = slice.labels.slice();
    const rule = { at, reach: this.reach, alike: alikeIn(window, this.about), value: this.value, over: this.over };
    this.place(at);
    if (grow(labels, slice.grey, this.about, rule)) this.drawn(index, labels);
    else this.changed("Nothing more here is as bright, or another muscle is in the way.");
  }

  // A stamp of the brush where it is, or a corner of the outline, for those who draw by keyboard.
  stamp() {
    if (!this.ready) return;
    if (!this.at) this.place(this.middle());
    if (this.tool === "outline") {
      if (this.corners?.index !== this.viewer.index) this.corners = { index: this.viewer.index, points: [] };
      this.corner(this.at);
      return;
    }
    if (this.tool === "grow") return this.grow(this.at);
    this.begin(this.at);
    this.end();
  }

  // Half a brush at a time, at least a pixel.
  step(across, down) {
    const [width, height] = this.about.pixel_mm.map((mm) => Math.max(1, Math.round(this.radius / 2 / mm)));
    const from = this.at ?? this.middle();
    const inside = (v, most) => Math.max(0.5, Math.min(most - 0.5, v));
    this.place({ column: inside(from.column + across * width, this.about.columns), row: inside(from.row + down * height, this.about.rows) });
    this.follow();
  }

  // The planes across show what is drawn, where it is drawn.
  follow() {
    this.viewer.planes.go({ column: Math.floor(this.at.column), row: Math.floor(this.at.row) });
  }

  // Of the muscle in this slice, else of the body.
  middle() {
    const at = middleOf(this.viewer.slice.labels, this.about.columns, (value) => value === this.value) ?? middleOfBody(this.about);
    return { column: at.column + 0.5, row: at.row + 0.5 };
  }

  place(at) {
    this.at = at;
    this.viewer.paint();
  }

  begin(at) {
    const { index, slice } = this.viewer;
    this.stroke = { index, labels: slice.labels.slice(), changed: false, painted: 0, from: at };
    this.draw(at);
  }

  draw(to) {
    const { stroke, value, over, erase, radius } = this;
    this.at = to;
    stroke.changed = sweep(stroke.labels, this.about, { from: stroke.from, to, radius, value, over, erase }) || stroke.changed;
    stroke.from = to;
    stroke.painted++;
    this.follow();
  }

  // Before a picture is painted, however many movements there were since the last one.
  fresh() {
    const { stroke, viewer } = this;
    if (!stroke?.changed || viewer.shows !== stroke.index) return; // another slice may have been turned to
    viewer.slice = this.labelled(stroke.index, viewer.slice);
    viewer.drawn.fat = null;
  }

  end() {
    const { index, labels, changed } = this.stroke;
    this.stroke = null;
    if (changed) this.drawn(index, labels);
  }

  // `masks`: of the chosen muscle by slice; `program`: slices as the server sent them. What is not in a mask is no longer this muscle.
  fill(masks, program) {
    const rule = { value: this.value, over: this.over, erase: false };
    const slices = [...masks].map(([index, mask]) => {
      const next = this.drawing.labels(index, program.get(index)).slice();
      mask.forEach((inside, n) => {
        if (inside) next[n] = painted(next[n], rule);
        else if (next[n] === this.value) next[n] = 0;
      });
      return [index, next];
    });
    this.drawing.change(new Map(slices));
    this.viewer.relabel();
    this.changed();
  }

  overlay(context, at, size) {
    if (!this.on) return;
    const mine = this.viewer.slice.outlines.find(([, , value]) => value === this.value);
    if (mine && this.viewer.look.contours) {
      context.globalAlpha = TINT;
      context.fillStyle = mine[0];
      context.fill(path(mine[1], at), "evenodd");
      context.globalAlpha = 1;
    }
    const colour = this.colours[this.value];
    if (this.corners?.index === this.viewer.shows) drawOpen(context, at, this.corners, colour, size.ratio);
    if (this.at) this.cursor(context, at, size.ratio);
  }

  cursor(context, at, ratio) {
    const [x, y] = [at.x + this.at.column * at.across, at.y + this.at.row * at.down];
    const circle = (colour, width) => {
      context.strokeStyle = colour;
      context.lineWidth = width * ratio;
      context.setLineDash(this.erase ? [4 * ratio, 3 * ratio] : []);
      context.beginPath();
      context.arc(x, y, this.tool === "outline" ? 3 * ratio : Math.max(2 * ratio, this.reach * at.perMm), 0, 2 * Math.PI);
      context.stroke();
    };
    circle("rgba(0, 0, 0, 0.7)", 3);
    circle(this.erase ? "#fff" : this.colours[this.value], 1.5);
    context.setLineDash([]);
  }
}
