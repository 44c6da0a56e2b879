// The list by keyboard.

import { onKeys } from "/static/keys.js";
import { showState } from "/static/queue.js";

const rows = [...document.querySelectorAll("#studies tbody tr")];
const text = document.getElementById("text");
let here = 0;

function go(to) {
  if (!rows.length) return;
  rows[here].classList.remove("here");
  here = Math.max(0, Math.min(rows.length - 1, to));
  rows[here].classList.add("here");
  rows[here].querySelector("a").focus();
  rows[here].scrollIntoView({ block: "nearest" });
}

function follow(selector) {
  const link = document.querySelector(selector);
  if (link) location.assign(link.href);
}

onKeys({
  j: () => go(here + (document.activeElement === document.body ? 0 : 1)),
  k: () => go(here - 1),
  ArrowDown: () => go(here + (document.activeElement === document.body ? 0 : 1)),
  ArrowUp: () => go(here - 1),
  "/": () => { text.focus(); text.select(); },
  "[": () => follow("[rel=prev]"),
  "]": () => follow("[rel=next]"),
  e: () => follow("#export"),
  t: () => document.getElementById("by-trust")?.click(),
});

rows.forEach((row, n) => row.addEventListener("focusin", () => {
  rows[here].classList.remove("here");
  here = n;
  row.classList.add("here");
}));
document.querySelectorAll("#filters [type=checkbox]").forEach((box) => box.addEventListener("change", () => document.getElementById("filters").submit()));
// states change while a study is read: a list from the browser's memory would show old ones
addEventListener("pageshow", (event) => event.persisted && location.reload());
showState();
