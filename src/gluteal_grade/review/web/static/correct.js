// Correcting contours in the page: the tools, their keys, what is kept, and measuring again.

import { draftOf, dropDraft, keepDraft } from "/static/drafts.js";
import { Drawing } from "/static/drawing.js";
import { Pencil, RADII_MM } from "/static/pencil.js";
import { decode, encode } from "/static/runs.js";
import { get, post } from "/static/server.js";
import { wireTools } from "/static/tools.js";

const PATIENCE_MS = 120000;
const by = (id) => document.getElementById(id);
const capital = (words) => words.replace(/^./, (c) => c.toUpperCase());

export class Correcting {
  // `measured` follows a correction until it is measured, see upload.js.
  constructor(viewer, settings, measured) {
    Object.assign(this, { viewer, measured, study: settings.study, resultHash: settings.result_hash });
    this.pencil = null;
    this.words = "";
    by("draw").addEventListener("click", () => this.toggle());
    const draft = draftOf(this.study);
    if (draft && !this.fits(draft)) this.say("What was drawn here is of an earlier result: it is not shown.");
    else if (draft) this.say(draft.sent ? "Drawn and sent: see below." : "Drawn and not measured yet: Correct goes on with it.");
  }

  get on() {
    return this.pencil?.on ?? false;
  }

  // Something is drawn that nobody has measured.
  get pending() {
    if (this.pencil) return this.drawing.changed > 0 && this.drawing.version !== this.settled;
    const draft = draftOf(this.study);
    return draft !== null && this.fits(draft) && !draft.sent;
  }

  remind() {
    this.say("Drawn and not measured yet: measure it (d, m) or discard it (d, x) before you finish.");
  }

  fits(draft) {
    return draft.resultHash === this.resultHash;
  }

  async toggle() {
    if (!this.pencil) {
      try {
        await this.load();
      } catch (error) {
        this.say(error.status ? error.message : "The server does not answer: try again.");
        return;
      }
    }
    this.pencil.on = !this.pencil.on;
    if (this.on && !this.viewer.planes.acquired) this.viewer.planes.look("acquired");
    by("draw-tools").hidden = !this.on;
    by("levels").hidden = this.on; // one row for the other: the picture keeps its height
    this.viewer.canvas.classList.toggle("drawing", this.on);
    this.viewer.relabel();
    this.show();
  }

  async load() {
    this.loading ??= this.loaded().finally(() => (this.loading = null));
    await this.loading;
  }

  async loaded() {
    let start = await get(`/studies/${this.study}/drawing`);
    let draft = draftOf(this.study);
    const measured = draft?.sent && draft.sent === start.base; // while no page was open
    if (measured) dropDraft(this.study);
    if (measured || (draft && !this.fits(draft))) draft = null;
    if (draft && draft.base !== start.base) start = await get(`/studies/${this.study}/drawing?base=${draft.base}`);
    const { rows, columns } = this.viewer.about;
    this.drawing = new Drawing(start, rows * columns);
    if (draft) this.drawing.restore(draft);
    this.settled = this.drawing.changed ? -1 : 0; // version that was measured, or where nothing was drawn
    this.muscles = start.muscles;
    this.pencil = new Pencil(this.viewer, this.drawing, { colours: start.colours, value: start.muscles[0].value }, (words) => this.changed(words));
    this.keys = wireTools(this);
  }

  // Every stroke is kept at once.
  changed(words = "") {
    const kept = keepDraft(this.study, { resultHash: this.resultHash, ...this.drawing.kept() });
    if (!this.drawing.changed) dropDraft(this.study);
    this.show(kept ? words : "This browser keeps nothing more: measure before you leave the page.");
  }

  get chosen() {
    return this.muscles.find((m) => m.value === this.pencil.value);
  }

  choose(wanted) {
    const { muscle, side } = { ...this.chosen, ...wanted };
    this.set("value", this.muscles.find((m) => m.muscle === muscle && m.side === side).value);
  }

  set(name, value) {
    if (this.pencil.busy) return;
    this.pencil.forget();
    this.pencil[name] = value;
    this.viewer.paint();
    this.show();
  }

  resize(by_) {
    const n = RADII_MM.indexOf(this.pencil.radius) + by_;
    this.set("radius", RADII_MM[Math.max(0, Math.min(RADII_MM.length - 1, n))]);
  }

  undo() {
    if (!this.pencil.busy && this.pencil.forget()) return; // an open outline
    this.look(this.pencil.busy ? null : this.drawing.undo(), "Nothing to undo.");
  }

  redo() {
    this.look(this.pencil.busy ? null : this.drawing.redo(), "Nothing to do again.");
  }

  look(index, nothing) {
    if (index === null) return this.show(nothing);
    this.changed();
    return index === this.viewer.index ? this.viewer.relabel() : this.viewer.show(index);
  }

  discard() {
    if (this.pencil.busy || !this.drawing.changed) return;
    this.drawing.discard();
    this.viewer.relabel();
    this.changed("Discarded; undo brings it back.");
  }

  // Slices of the chosen muscle between those that were drawn.
  async fill() {
    const { value } = this.pencil;
    const hand = this.drawing.handOf(value);
    if (this.busy || !hand.some((index, n) => n && index - hand[n - 1] > 1)) return this.show("Draw this muscle in two slices that have others between them.");
    this.busy = true;
    this.show("Filling…");
    try {
      const mask = async (index) => this.drawing.labels(index, (await this.viewer.stack.slice(index)).labels).map((label) => (label === value ? value : 0));
      const drawn = await Promise.all(hand.map(async (index) => [index, encode(await mask(index))]));
      const { slices } = await post(`/studies/${this.study}/between`, { value, slices: Object.fromEntries(drawn) });
      const masks = new Map(Object.entries(slices).map(([index, runs]) => [Number(index), decode(runs, this.drawing.length)]));
      const program = new Map(await Promise.all([...masks.keys()].map(async (index) => [index, (await this.viewer.stack.slice(index)).labels])));
      if (value === this.pencil.value && !this.pencil.busy) this.pencil.fill(masks, program);
      this.show(`Filled ${masks.size} ${masks.size === 1 ? "slice" : "slices"}: look through them.`);
    } catch (error) {
      this.show(error.status ? error.message : "Not filled: the server does not answer.");
    } finally {
      this.busy = false;
    }
  }

  async measure() {
    if (this.busy || this.pencil.busy) return;
    if (!this.drawing.changed) return this.show("Nothing is changed: draw first.");
    this.busy = true;
    by("draw-measure").disabled = true;
    this.show("Sending…");
    const { version } = this.drawing;
    try {
      const { id } = await post(`/studies/${this.study}/drawing`, { result_hash: this.resultHash, ...this.drawing.sent() }, { patience: PATIENCE_MS });
      if (version === this.drawing.version) keepDraft(this.study, { resultHash: this.resultHash, ...this.drawing.kept(), sent: id });
      this.show("Being measured…");
      const state = await this.measured(id);
      if (state === "done") this.settled = version;
      if (state === "done" && version === this.drawing.version) dropDraft(this.study);
      this.show(state === "done" ? "Measured: the new numbers are below." : "Not measured: see below.");
    } catch (error) {
      this.show(error.status ? `Not taken: ${error.message}` : "Not sent: the server does not answer. What you drew is kept in this browser.");
    } finally {
      this.busy = false;
      by("draw-measure").disabled = false;
    }
  }

  show(words = "") {
    const { pencil, drawing } = this;
    const { muscle, side } = this.chosen;
    document.querySelectorAll("#draw-muscles button").forEach((b) => b.setAttribute("aria-pressed", b.dataset.muscle === muscle));
    const pressed = { draw: pencil.on, "draw-right": side === "right", "draw-left": side === "left", "draw-over": pencil.over };
    for (const tool of ["brush", "eraser", "outline", "grow"]) pressed[`draw-${tool}`] = pencil.tool === tool;
    for (const [id, on] of Object.entries(pressed)) by(id).setAttribute("aria-pressed", on);
    by("draw-size").value = RADII_MM.indexOf(pencil.radius);
    by("draw-size").setAttribute("aria-valuetext", `${2 * pencil.reach} mm`);
    const n = drawing.changed;
    const state = n && drawing.version !== this.settled ? `${n} ${n === 1 ? "slice" : "slices"} changed, not measured yet.` : "";
    const tool = `${capital(side)} ${muscle}, ${pencil.tool}${pencil.tool === "outline" ? "" : ` ${2 * pencil.reach} mm`}${pencil.over ? ", over other muscles" : ""}.`;
    this.say([this.on ? tool : "", state, words].filter(Boolean).join(" "));
  }

  say(words) {
    this.words = words;
    by("draw-state").textContent = words;
  }
}
