// One study's slices: fetched once, kept, the standard levels first.

import { get } from "/static/server.js";

const AT_ONCE = 3;

export class Stack {
  static async open(study) {
    return new Stack(study, await get(`/studies/${study}/stack`));
  }

  constructor(study, about) {
    this.study = study;
    this.about = about;
    this.kept = new Map();
    this.here = new Map(); // slices that have come
    this.arrived = null; // is called with each
  }

  // The slice, decoded.
  slice(index) {
    if (!this.kept.has(index)) {
      const coming = this.fetched(index);
      coming.catch(() => this.kept.delete(index));
      this.kept.set(index, coming);
    }
    return this.kept.get(index);
  }

  async fetched(index) {
    const answer = await fetch(`/studies/${this.study}/slices/${index}`);
    if (!answer.ok) throw new Error("the slice did not come");
    const bytes = await answer.arrayBuffer();
    const { rows, columns, fat } = this.about;
    const n = rows * columns;
    let at = 2 * n;
    const plane = () => new Uint8Array(bytes, (at += n) - n, n);
    const slice = { grey: new Uint16Array(bytes, 0, n), labels: plane(), fat: fat ? plane() : null, excluded: plane() };
    const found = { ...slice, ...JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, at))) };
    this.here.set(index, found);
    this.arrived?.();
    return found;
  }

  // Everything, a few at a time, until one fails; the others are asked for when they are shown.
  async ahead() {
    const all = [...Array(this.about.slices).keys()];
    const middle = this.about.levels[0].index;
    const order = [...this.about.levels.map((l) => l.index), ...all.sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle))];
    const next = async () => {
      for (let index = order.shift(); index !== undefined; index = order.shift()) await this.slice(index).catch(() => order.splice(0));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, next));
  }
}
