// Decisions on their way: each stays in this browser, under its id, until the server has said that it is stored.

import { identity, post, uuid } from "/static/server.js";

const PREFIX = ["gluteal-review", identity.reader, identity.read, identity.blinded].join("|") + "|";
const WAITS_MS = [500, 1000, 2000, 3000];
const MOST = 100;

const memory = new Map(); // where the browser keeps nothing
let counter = 0;
let busy = null;
let failures = 0;
let timer = 0;
let trouble = "";
const listeners = [];

export function onChange(listener) {
  listeners.push(listener);
}

// One decision: kept, then sent.
export function decide(study, resultHash, key, value) {
  const [item, muscle, side, part] = key.split("|");
  const place = PREFIX + String(Date.now()).padStart(15, "0") + String(counter++).padStart(6, "0");
  const id = uuid();
  keep(`${place}|${id}`, JSON.stringify({ study, resultHash, decision: { id, item, muscle, side, part, value } }));
  clearTimeout(timer);
  return flush();
}

// What waits, oldest first.
export function waiting() {
  const places = new Set(memory.keys());
  try {
    for (let n = 0; n < localStorage.length; n++) places.add(localStorage.key(n));
  } catch { /* none kept */ }
  return [...places].filter((p) => p.startsWith(PREFIX)).sort().map((place) => ({ place, ...JSON.parse(read(place)) }));
}

// Send what waits; true if nothing is left.
export function flush() {
  if (!busy) {
    busy = sendAll().finally(() => {
      busy = null;
      tell();
    });
  }
  return busy;
}

export function state() {
  const left = waiting().length;
  if (trouble && left) return { name: "not_saved", words: `NOT SAVED: ${trouble}; ${left} ${left === 1 ? "change is" : "changes are"} kept in this browser` };
  return left ? { name: "saving", words: "Saving…" } : { name: "saved", words: "Saved" };
}

async function sendAll() {
  const refused = new Set();
  for (;;) {
    const found = waiting().filter((w) => !refused.has(w.place));
    if (!found.length) break;
    const first = found[0];
    const batch = found.filter((w) => w.study === first.study && w.resultHash === first.resultHash).slice(0, MOST);
    tell();
    try {
      await post("/api/decisions", { ...identity, study: first.study, result_hash: first.resultHash, decisions: batch.map((w) => w.decision) });
      batch.forEach((w) => forget(w.place));
      failures = 0;
    } catch (error) {
      trouble = error.status ? error.message.replace(/[. ]+$/, "") : "the server does not answer";
      if (error.status && !error.passes) {
        // the others may still pass
        batch.forEach((w) => refused.add(w.place));
        continue;
      }
      timer = setTimeout(flush, WAITS_MS[Math.min(failures++, WAITS_MS.length - 1)]);
      return false;
    }
  }
  if (!refused.size) trouble = "";
  return !refused.size;
}

function keep(place, text) {
  try {
    localStorage.setItem(place, text);
  } catch {
    memory.set(place, text);
  }
}

function read(place) {
  return memory.get(place) ?? localStorage.getItem(place);
}

function forget(place) {
  memory.delete(place);
  try {
    localStorage.removeItem(place);
  } catch { /* none kept */ }
}

function tell() {
  listeners.forEach((listener) => listener(state()));
}

// The state in words at the top of every page, and a warning to those who leave too early.
export function showState() {
  const place = document.getElementById("save");
  onChange(({ name, words }) => {
    if (place.textContent !== words) place.textContent = words;
    place.className = `save ${name}`;
  });
  addEventListener("beforeunload", (event) => {
    if (waiting().length) event.preventDefault();
  });
  addEventListener("online", flush);
  return flush();
}
