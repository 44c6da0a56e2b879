// The page of one study: viewer, form, upload, and the keys of all three.

import { Correcting } from "/static/correct.js";
import { Form } from "/static/form.js";
import { onKeys } from "/static/keys.js";
import { flush, showState } from "/static/queue.js";
import { wireUpload } from "/static/upload.js";
import { Viewer } from "/static/viewer.js";

const settings = JSON.parse(document.body.dataset.settings);
const form = new Form(settings);
let viewer = null;
let correcting = null;

async function finish() {
  if (correcting?.pending) return correcting.remind();
  form.keepNote();
  const { next, query } = document.getElementById("finish").dataset;  // the query keeps the list's order
  form.save("finished|||", "yes");
  // on only when everything is stored; else the page says NOT SAVED and stays
  if (!(await flush())) return;
  location.assign(next ? `/studies/${next}${query}` : `/${query}`);
}

function follow(id) {
  const link = document.getElementById(id);
  if (link) location.assign(link.href);
}

function focusTendons() {
  document.querySelector("#tendons [tabindex='0']")?.focus();
}

function look(action) {
  return () => (viewer ? action(viewer) : false);
}

// sliders have their own use for arrows
function slices(action) {
  return (event) => (viewer && !event.target.matches("input[type=range], .facts, .overlays") ? action(viewer) : false);
}

// the 3-D view takes them where it is in front
function turned(way) {
  return viewer?.front.side?.(way);
}

const digits = Array.from({ length: 10 }, (_, n) => String(n));
const grades = Object.fromEntries(digits.map((g) => [g, () => form.grade(g)]));
const scales = Object.fromEntries(settings.scales.map(({ key, letter }) => [letter, () => form.choosing(key)]));
const pictures = {
  ArrowUp: slices((v) => v.front.step(1)),
  ArrowDown: slices((v) => v.front.step(-1)),
  PageUp: slices((v) => v.front.step(5)),
  PageDown: slices((v) => v.front.step(-5)),
  Home: slices((v) => v.front.end(true)),
  End: slices((v) => v.front.end(false)),
  ",": look((v) => v.level(-1)),
  ".": look((v) => v.level(1)),
  c: look((v) => v.toggle("contours")),
  f: look((v) => v.toggle("fat")),
  "[": look((v) => v.set("opacity", Math.max(0, v.look.opacity - 0.1))),
  "]": look((v) => v.set("opacity", Math.min(1, v.look.opacity + 0.1))),
  "-": look((v) => v.adjust(-0.1, 0)),
  "=": look((v) => v.adjust(0.1, 0)),
  "<": look((v) => v.adjust(0, -0.05)),
  ">": look((v) => v.adjust(0, 0.05)),
  v: look((v) => v.preset()),
  r: look((v) => v.reset()),
  z: look((v) => v.toggle("whole")),
  y: look((v) => v.planes.turn(1)),
  Y: look((v) => v.planes.turn(-1)),
  h: look((v) => v.planes.cross()),
};
const reading = {
  ...grades,
  ...scales,
  x: () => form.grade("not_assessable"),
  j: () => form.go(form.here + 1),
  k: () => form.go(form.here - 1),
  ArrowLeft: (event) => (event.target.matches("input") ? false : turned(-1) ?? form.side(0)),
  ArrowRight: (event) => (event.target.matches("input") ? false : turned(1) ?? form.side(1)),
  a: () => form.acceptHere(),
  A: () => form.acceptAll(),
  w: () => form.quality(),
  t: focusTendons,
  m: () => form.note.focus(),
  n: finish,
  o: () => form.reopen(),
  p: () => follow("previous"),
  l: () => follow("to-list"),
  ...pictures,
  d: () => correcting?.toggle() ?? false,
};
onKeys(() => (correcting?.on ? { ...pictures, ...correcting.keys } : reading));

document.getElementById("finish").addEventListener("click", finish);
document.getElementById("accept-all")?.addEventListener("click", () => form.acceptAll());
const measured = wireUpload(settings);
showState();

const loading = document.getElementById("loading");
if (loading) {
  Viewer.open(settings.study).then((opened) => {
    viewer = opened;
    loading.textContent = "";
    if (document.getElementById("draw")) correcting = new Correcting(viewer, settings, measured);
  }, (error) => {
    loading.textContent = `No pictures: ${error.message}`;
    loading.classList.add("wrong");
  });
}
