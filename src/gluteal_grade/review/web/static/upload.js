// A corrected label map on its way, and the new numbers beside the old ones.

import { get, post } from "/static/server.js";

const LOOK_MS = 700;
const UNDER_WAY = ["waiting", "running"];
const STATES = { waiting: "waits to be measured", running: "is being measured…", done: "measured", refused: "refused", failed: "failed" };

// Gives what follows one correction until it is measured.
export function wireUpload({ study, max_upload: most }) {
  const place = document.getElementById("corrections");
  if (!place) return null;
  const button = document.getElementById("upload");
  const input = document.getElementById("labels");
  button.addEventListener("click", async () => {
    const file = input.files[0];
    if (!file) return say(place, "Choose a file first.");
    if (file.size > most) return say(place, `The file is larger than ${Math.round(most / 2 ** 20)} MB.`);
    button.disabled = true;
    say(place, "Sending…");
    try {
      const { id } = await post(`/studies/${study}/labels`, file, { type: "application/octet-stream", patience: 0 });
      await follow(study, place, id);
    } catch (error) {
      say(place, error.status ? `Not taken: ${error.message}` : "Not sent: the server does not answer.");
    } finally {
      button.disabled = false;
    }
  });
  follow(study, place);
  return async (id) => {
    const state = await follow(study, place, id);
    place.scrollIntoView({ block: "nearest" });
    return state;
  };
}

// Show how far one is, or the latest, until it is measured; its state then.
async function follow(study, place, id = "") {
  for (;;) {
    try {
      const found = await get(`/studies/${study}/corrections`);
      const one = found.find((correction) => correction.id === id) ?? found[0];
      if (!one) return "";
      show(place, one);
      if (!UNDER_WAY.includes(one.state)) return one.state;
    } catch (error) {
      if (!id || error.status) return "";
    }
    await new Promise((done) => setTimeout(done, LOOK_MS));
  }
}

function show(place, correction) {
  const state = correction.state === "running" && correction.rows.length ? "measured, pictures and files are being made…" : STATES[correction.state];
  say(place, `Corrected labels of ${correction.at.slice(0, 16).replace("T", " ")}: ${state}${correction.words ? `: ${correction.words}` : ""}`);
  if (!correction.rows.length) return;
  const changed = correction.rows.filter(([, ...texts]) => texts.some((text, n) => n % 2 && text !== texts[n - 1]));
  if (changed.length) place.append(table(correction.headings, changed));
  const [n, all] = [changed.length, correction.rows.length];
  if (n < all) place.append(paragraph(n ? `The other ${all - n} muscles are as before.` : "All muscles are as before."));
}

function table(headings, rows) {
  const made = document.createElement("table");
  const head = made.createTHead().insertRow();
  headings.forEach((words) => head.append(cell("th", words)));
  const body = made.createTBody();
  for (const [name, ...texts] of rows) {
    const row = body.insertRow();
    row.append(cell("th", name));
    for (let n = 0; n < texts.length; n += 2) {
      const [old, now] = [texts[n], texts[n + 1]];
      const one = cell("td", old === now ? old : `${old} → ${now}`);
      if (old !== now) one.className = "changed";
      row.append(one);
    }
  }
  return made;
}

function cell(kind, words) {
  return Object.assign(document.createElement(kind), { textContent: words });
}

function say(place, words) {
  place.replaceChildren(paragraph(words));
}

function paragraph(words) {
  return Object.assign(document.createElement("p"), { textContent: words });
}
