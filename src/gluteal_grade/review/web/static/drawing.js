// What was drawn on one study: changed slices, and the way back. Nothing here knows of the page or of the server.

import { decode, encode } from "/static/runs.js";

const MOST_STEPS = 200;
const sentAs = new WeakMap(); // slices are never changed once they are drawn

export class Drawing {
  // `start`: of the server: what the labels were before.
  constructor({ base, slices, whole }, length) {
    Object.assign(this, { base, whole, length });
    this.before = new Map(Object.entries(slices).map(([index, runs]) => [Number(index), decode(runs, length)]));
    this.drawn = new Map();
    this.hand = new Map(); // slices drawn by hand, by muscle
    this.steps = [];
    this.undone = [];
    this.version = 0;
  }

  // Labels of a slice as they are now; `program`: as the server sent them.
  labels(index, program) {
    if (this.drawn.has(index)) return this.drawn.get(index);
    if (!this.before.has(index)) this.before.set(index, program.map((value) => this.whole[value]));
    return this.before.get(index);
  }

  // Other labels than the program's: drawn now, or before.
  get altered() {
    return this.drawn.size > 0 || this.base !== "";
  }

  get changed() {
    return this.drawn.size;
  }

  handOf(value) {
    return [...(this.hand.get(value) ?? [])].filter((index) => this.drawn.has(index)).sort((a, b) => a - b);
  }

  // `slices`: new labels by slice; `value`: the muscle, where they were drawn by hand.
  change(slices, value = 0) {
    const step = { slices: [...slices].map(([index, labels]) => [index, this.drawn.get(index), labels]), value, hand: [] };
    if (value) step.hand = [...slices.keys()].filter((index) => !this.hand.get(value)?.has(index));
    this.steps = [...this.steps.slice(1 - MOST_STEPS), step];
    this.undone = [];
    this.put(step, true);
  }

  // Back to what was there at first; this too can be undone.
  discard() {
    if (this.drawn.size) this.change(new Map([...this.drawn.keys()].map((index) => [index, undefined])));
  }

  undo() {
    return this.moved(this.steps, this.undone, false);
  }

  redo() {
    return this.moved(this.undone, this.steps, true);
  }

  // The slice to look at, null where there was nothing to do.
  moved(from, to, forward) {
    const step = from.pop();
    if (!step) return null;
    to.push(step);
    this.put(step, forward);
    return step.slices[0][0];
  }

  put({ slices, value, hand }, forward) {
    for (const [index, before, after] of slices) {
      const labels = forward ? after : before;
      if (labels) this.drawn.set(index, labels);
      else this.drawn.delete(index);
    }
    if (value && !this.hand.has(value)) this.hand.set(value, new Set());
    for (const index of hand) this.hand.get(value)[forward ? "add" : "delete"](index);
    this.version++;
  }

  // As it is sent and kept.
  sent() {
    const runs = (labels) => {
      if (!sentAs.has(labels)) sentAs.set(labels, encode(labels));
      return sentAs.get(labels);
    };
    return { base: this.base, slices: Object.fromEntries([...this.drawn].map(([index, labels]) => [index, runs(labels)])) };
  }

  kept() {
    return { ...this.sent(), hand: Object.fromEntries([...this.hand].map(([value, slices]) => [value, [...slices]])) };
  }

  restore({ slices, hand }) {
    for (const [index, runs] of Object.entries(slices)) this.drawn.set(Number(index), decode(runs, this.length));
    for (const [value, indices] of Object.entries(hand)) this.hand.set(Number(value), new Set(indices));
  }
}
