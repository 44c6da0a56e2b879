// The viewer: which slice, how it looks, and what the pointer does.

import { crosshair, draw, placed } from "/static/draw.js";
import { fatLayer, greyLayer, lookup } from "/static/layers.js";
import { commonest, middleOf, middleOfBody } from "/static/places.js";
import { Planes } from "/static/planes.js";
import { Wheel, onDrag } from "/static/pointer.js";
import { Stack } from "/static/stack.js";

const NONE = 255;
const NARROW = 420; // pixels of a picture
const PRESETS = [{ name: "Usual", span: [0, 1] }, { name: "Bright", span: [0, 0.5] }, { name: "Dark", span: [0.2, 1.6] }]; // shares of the study's window
const by = (id) => document.getElementById(id);

export class Viewer {
  constructor(stack) {
    this.stack = stack;
    this.about = stack.about;
    this.canvas = by("canvas");
    this.context = this.canvas.getContext("2d");
    this.look = { contours: true, fat: false, opacity: 0.8, whole: false };
    this.index = this.about.levels[Math.min(1, this.about.levels.length - 1)].index;
    this.slice = null;
    this.at = { slice: this.index, ...middleOfBody(this.about) }; // the cross-hair
    this.planes = null; // the other views
    this.tool = null; // what draws: it may show other labels, and take the pointer
    this.reset();
    this.wire();
  }

  static async open(study) {
    const viewer = new Viewer(await Stack.open(study));
    new Planes(viewer);
    await viewer.show(viewer.index);
    viewer.onMuscle();
    viewer.stack.ahead();
    return viewer;
  }

  // The slice that was asked for last is the one that is shown, whatever comes first.
  async show(index) {
    this.index = Math.max(0, Math.min(this.about.slices - 1, index));
    this.at.slice = this.index;
    this.planes?.slider();
    const wanted = this.index;
    const slice = await this.stack.slice(wanted);
    if (wanted !== this.index) return;
    this.put(slice);
  }

  put(slice) {
    this.shows = this.index;
    this.slice = this.tool ? this.tool.labelled(this.index, slice) : slice;
    this.drawn = {};
    this.paint();
  }

  // The labels of this slice are others now.
  async relabel() {
    const index = this.index;
    const slice = await this.stack.slice(index);
    if (index === this.index) this.put(slice);
  }

  step(by) {
    return this.show(this.index + (this.about.upwards ? by : -by));
  }

  end(top) {
    return this.show(top === this.about.upwards ? this.about.slices - 1 : 0);
  }

  // The next standard level in the direction of the list, which runs downwards.
  level(direction) {
    const down = this.about.upwards ? -1 : 1;
    const there = this.about.levels.map((l) => l.index).filter((i) => (i - this.index) * down * direction > 0);
    if (there.length) this.show(there.reduce((a, b) => (Math.abs(a - this.index) <= Math.abs(b - this.index) ? a : b)));
  }

  // The next of the windows: as the study has it, bright (what is dark in a muscle), dark (what is bright: fat).
  preset() {
    this.chosen = (this.chosen + 1) % PRESETS.length;
    const { low, high } = this.about.window;
    const [from, to] = PRESETS[this.chosen].span;
    this.window = { low: low + from * (high - low), high: low + to * (high - low) };
    this.drawn = {};
    this.paint();
  }

  reset() {
    this.chosen = 0;
    this.window = { low: this.about.window.low, high: this.about.window.high };
    this.look.whole = false;
    this.drawn = {};
    this.paint();
  }

  // Shares of the width: `wider` of the span, `up` moves it.
  adjust(wider, up) {
    const span = this.window.high - this.window.low;
    const middle = (this.window.high + this.window.low) / 2 + up * span;
    const half = Math.max(this.about.step, (span * (1 + wider)) / 2);
    this.window = { low: middle - half, high: middle + half };
    this.drawn.grey = null;
    this.table = null;
    this.paint();
  }

  set(name, value) {
    this.look[name] = value;
    this.paint();
  }

  toggle(name) {
    if (name === "fat" && !this.about.fat) return;
    this.set(name, !this.look[name]);
  }

  paint() {
    if (this.asked) return;
    this.asked = requestAnimationFrame(() => {
      this.asked = 0;
      this.painted();
    });
  }

  painted() {
    this.controls();
    if (!this.slice) return;
    this.tool?.fresh();
    if (this.tableOf !== this.window) [this.table, this.tableOf, this.drawn.grey] = [lookup(this.about, this.window), this.window, null];
    if (this.planes.acquired) this.pictured();
    this.planes.paint();
    this.canvas.dataset.shown = this.index; // what is on the screen now
    this.canvas.setAttribute("aria-label", `${this.about.plane} slice ${this.words()}`);
  }

  pictured() {
    const ratio = devicePixelRatio || 1;
    const size = { width: Math.round(this.canvas.clientWidth * ratio), height: Math.round(this.canvas.clientHeight * ratio), ratio };
    if (this.canvas.width !== size.width || this.canvas.height !== size.height) Object.assign(this.canvas, { width: size.width, height: size.height });
    this.drawn.grey ??= greyLayer(this.about, this.slice, this.table);
    if (this.look.fat) this.drawn.fat ??= fatLayer(this.about, this.slice);
    draw(this.context, size, this.about, this.slice, { grey: this.drawn.grey, fat: this.look.fat ? this.drawn.fat : null }, this.look, this.words());
    this.tool?.overlay(this.context, placed(this.about, size, this.look.whole), size);
    if (this.planes.crossed) crosshair(this.context, placed(this.about, size, this.look.whole), this.at, size);
  }

  words() {
    const { low, high } = this.window;
    const unit = this.about.window.ct ? " HU" : "";
    const place = `${this.index + 1}/${this.about.slices} · ${this.about.positions[this.index]}`;
    if (this.canvas.clientWidth < NARROW) return place; // the letter below stands there
    return `${place} · W ${Math.round(high - low)} L ${Math.round((high + low) / 2)}${unit}`;
  }

  controls() {
    by("contours").setAttribute("aria-pressed", this.look.contours);
    by("zoom").setAttribute("aria-pressed", !this.look.whole);
    by("preset").textContent = PRESETS[this.chosen].name;
    if (by("fat")) {
      by("fat").setAttribute("aria-pressed", this.look.fat);
      by("fat-legend").classList.toggle("unseen", !this.look.fat);
      by("opacity").value = Math.round(this.look.opacity * 100);
    }
    document.querySelectorAll("#levels button").forEach((b) => b.setAttribute("aria-pressed", Number(b.dataset.index) === this.index));
  }

  // Pixel of the slice under the pointer, with its fraction; it may lie outside.
  pixel(event) {
    const at = placed(this.about, { width: this.canvas.clientWidth, height: this.canvas.clientHeight }, this.look.whole);
    return { column: (event.offsetX - at.x) / at.across, row: (event.offsetY - at.y) / at.down };
  }

  // The cross-hair goes to what was clicked.
  point(event) {
    const { column, row } = this.pixel(event);
    this.planes.go({ column: Math.floor(column), row: Math.floor(row) });
  }

  // The cross-hair starts on a muscle, so that the other planes show one.
  onMuscle() {
    const { labels } = this.slice;
    const value = commonest(labels);
    Object.assign(this.at, value ? middleOf(labels, this.about.columns, (one) => one === value) : {});
  }

  // The view that keys and the slider turn.
  get front() {
    return this.planes?.front ?? this;
  }

  // What lies under the pointer.
  read(event) {
    const place = by("readout");
    const under = this.pixel(event);
    const [column, row] = [Math.floor(under.column), Math.floor(under.row)];
    if (!this.slice || column < 0 || row < 0 || column >= this.about.columns || row >= this.about.rows) {
      place.textContent = "";
      return;
    }
    const n = row * this.about.columns + column;
    const words = [this.about.names[this.slice.labels[n]] ?? "no label", `value ${Math.round(this.slice.grey[n] * this.about.step + this.about.lowest)}`];
    if (this.slice.fat) words.push(this.slice.fat[n] === NONE ? "no fat value" : `fat ${Math.round(this.slice.fat[n] / 2.5)} %`);
    if (this.slice.excluded[n]) words.push("left out");
    place.textContent = words.join(" · ");
  }

  wire() {
    const wheel = new Wheel((steps) => this.step(steps));
    this.canvas.addEventListener("wheel", (event) => wheel.turn(event), { passive: false });
    onDrag(this.canvas, {
      dragged: (x, y) => this.tool?.busy || this.adjust(x / 200, y / 300),
      clicked: (event) => this.tool?.on || this.point(event),
    });
    this.canvas.addEventListener("pointerdown", (event) => this.tool?.down(event));
    this.canvas.addEventListener("pointermove", (event) => {
      this.tool?.move(event);
      this.read(event);
    });
    by("slice").addEventListener("input", (event) => this.planes.slide(Number(event.target.value)));
    by("contours").addEventListener("click", () => this.toggle("contours"));
    by("zoom").addEventListener("click", () => this.toggle("whole"));
    by("preset").addEventListener("click", () => this.preset());
    by("reset").addEventListener("click", () => this.reset());
    if (by("fat")) this.wireFat();
    for (const { index, title } of this.about.levels) {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: title.replace(/^Largest (.*) sections?$/, "$1").replace(/^./, (c) => c.toUpperCase()), title });
      button.dataset.index = index;
      button.addEventListener("click", () => this.show(index));
      by("levels").append(button);
    }
    new ResizeObserver(() => this.paint()).observe(this.canvas);
  }

  wireFat() {
    by("fat").disabled = !this.about.fat;
    by("fat").addEventListener("click", () => this.toggle("fat"));
    by("opacity").addEventListener("input", (event) => this.set("opacity", Number(event.target.value) / 100));
    const context = by("fat-scale").getContext("2d");
    this.about.fat_colours.forEach(([r, g, b], n) => {
      context.fillStyle = `rgb(${r} ${g} ${b})`;
      context.fillRect(n, 0, 1, 1);
    });
  }
}
