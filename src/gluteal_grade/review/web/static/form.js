// The form: choices that are saved at once, and the muscle and scale that keys act on.

import { decide, onChange, waiting } from "/static/queue.js";

export class Form {
  constructor({ study, result_hash: resultHash, values, scales }) {
    Object.assign(this, { study, resultHash });
    this.values = new Map(Object.entries(values));
    for (const w of waiting()) if (w.study === study) this.remember(keyOf(w.decision), w.decision.value);
    this.groups = new Map([...document.querySelectorAll(".choices")].map((g) => [g.dataset.key, g]));
    this.cells = [...document.querySelectorAll(".cell")];
    this.note = document.getElementById("note");
    this.here = 0;
    this.scale = scales[0]?.key;
    this.groups.forEach((group) => this.wire(group));
    this.cells.forEach((cell, n) => {
      cell.addEventListener("focusin", () => this.go(n));
      cell.addEventListener("pointerdown", () => this.go(n));
      cell.querySelector(".accept")?.addEventListener("click", () => this.accept(cell));
    });
    this.wireNote();
    document.getElementById("reopen").addEventListener("click", () => this.reopen());
    onChange(() => this.paint());
    this.go(0);
    this.paint();
  }

  // Set one value; the same again takes it back.
  choose(key, value) {
    this.save(key, this.values.get(key) === value ? "" : value);
  }

  save(key, value) {
    this.remember(key, value);
    const sent = decide(this.study, this.resultHash, key, value);
    this.paint();
    return sent;
  }

  remember(key, value) {
    if (value === "") this.values.delete(key);
    else this.values.set(key, value);
  }

  // The program's grades where nothing is decided yet: what a reader has said is never overwritten.
  accept(...cells) {
    for (const cell of cells) {
      for (const group of cell.querySelectorAll("[data-program]")) {
        if (!this.values.has(group.dataset.key)) this.save(group.dataset.key, group.dataset.program);
      }
    }
  }

  acceptHere() {
    if (this.cells.length) this.accept(this.cells[this.here]);
  }

  acceptAll() {
    this.accept(...this.cells);
  }

  grade(value) {
    const group = this.groups.get(this.key("grade", this.scale));
    if (group?.querySelector(`[data-value="${value}"]`)) this.choose(group.dataset.key, value);
  }

  // The list shows it as not finished again.
  reopen() {
    if (this.values.get("finished|||") === "yes") this.save("finished|||", "no");
  }

  // Good, usable, wrong, none, good...
  quality() {
    const key = this.key("quality", "");
    const values = [...(this.groups.get(key)?.querySelectorAll("button") ?? [])].map((b) => b.dataset.value);
    if (values.length) this.save(key, values[values.indexOf(this.values.get(key)) + 1] ?? "");
  }

  key(item, part) {
    const { muscle, side } = this.cells[this.here]?.dataset ?? {};
    return `${item}|${muscle}|${side}|${part}`;
  }

  go(to) {
    if (!this.cells.length) return;
    this.here = (to + this.cells.length) % this.cells.length;
    this.mark();
  }

  // Rows hold right and left.
  side(column) {
    this.go(this.here - (this.here % 2) + column);
  }

  choosing(scale) {
    this.scale = scale;
    this.mark();
  }

  mark() {
    this.cells.forEach((cell, n) => {
      cell.classList.toggle("here", n === this.here);
      cell.querySelectorAll("[data-scale]").forEach((s) => s.classList.toggle("chosen-scale", n === this.here && s.dataset.scale === this.scale));
    });
  }

  paint() {
    const unsaved = new Set(waiting().filter((w) => w.study === this.study).map((w) => keyOf(w.decision)));
    this.groups.forEach((group, key) => {
      const value = this.values.get(key);
      const buttons = [...group.children];
      buttons.forEach((b) => b.setAttribute("aria-checked", b.dataset.value === value));
      if (!group.contains(document.activeElement)) {
        const stop = buttons.find((b) => b.dataset.value === value) ?? buttons[0];
        buttons.forEach((b) => (b.tabIndex = b === stop ? 0 : -1));
      }
      group.classList.toggle("unsaved", unsaved.has(key));
    });
    const done = this.values.get("finished|||") === "yes";
    document.getElementById("finished").textContent = done ? "Finished; anything can still be changed." : "";
    document.getElementById("reopen").hidden = !done;
  }

  // Left and right move within a group, Space and Enter choose: an arrow alone never changes a grade.
  wire(group) {
    const buttons = [...group.children];
    group.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) this.choose(group.dataset.key, button.dataset.value);
      if (button && group.closest(".scale").dataset.scale) this.choosing(group.closest(".scale").dataset.scale);
    });
    group.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      const to = buttons[(buttons.indexOf(event.target) + step + buttons.length) % buttons.length];
      buttons.forEach((b) => (b.tabIndex = b === to ? 0 : -1));
      to.focus();
    });
  }

  wireNote() {
    const key = "note|||";
    this.note.value = this.values.get(key) ?? "";
    let timer = 0;
    this.keepNote = () => {
      clearTimeout(timer);
      if (this.note.value !== (this.values.get(key) ?? "")) this.save(key, this.note.value);
    };
    this.note.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(this.keepNote, 800);
    });
    this.note.addEventListener("blur", this.keepNote);
    addEventListener("pagehide", this.keepNote);
  }
}

function keyOf(decision) {
  return [decision.item, decision.muscle, decision.side, decision.part].join("|");
}
