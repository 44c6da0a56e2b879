// A drawing stays in this browser until it is measured, so that a reload or a killed server loses no stroke that was finished.

import { identity } from "/static/server.js";

const nameOf = (study) => ["gluteal-drawing", identity.reader, identity.read, study].join("|");

export function draftOf(study) {
  try {
    return JSON.parse(localStorage.getItem(nameOf(study)));
  } catch {
    return null;
  }
}

// False where the browser keeps nothing, or no more.
export function keepDraft(study, draft) {
  try {
    localStorage.setItem(nameOf(study), JSON.stringify(draft));
    return true;
  } catch {
    return false;
  }
}

export function dropDraft(study) {
  try {
    localStorage.removeItem(nameOf(study));
  } catch { /* none was kept */ }
}
