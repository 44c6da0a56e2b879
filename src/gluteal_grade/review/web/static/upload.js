// A corrected label map on its way, and the new numbers beside the old ones.

import { get, post } from "/static/server.js";

const LOOK_MS = 2000;
const STATES = { waiting: "waits to be measured", running: "is being measured…", done: "measured", refused: "refused", failed: "failed" };

export function wireUpload({ study, max_upload: most }) {
  const place = document.getElementById("corrections");
  if (!place) return;
  const button = document.getElementById("upload");
  const input = document.getElementById("labels");
  button.addEventListener("click", async () => {
    const file = input.files[0];
    if (!file) return say(place, "Choose a file first.");
    if (file.size > most) return say(place, `The file is larger than ${Math.round(most / 2 ** 20)} MB.`);
    button.disabled = true;
    say(place, "Sending…");
    try {
      await post(`/studies/${study}/labels`, file, { type: "application/octet-stream", patience: 0 });
      await follow(study, place);
    } catch (error) {
      say(place, error.status ? `Not taken: ${error.message}` : "Not sent: the server does not answer.");
    } finally {
      button.disabled = false;
    }
  });
  follow(study, place);
}

async function follow(study, place) {
  let found;
  try {
    found = await get(`/studies/${study}/corrections`);
  } catch {
    return;
  }
  if (!found.length) return;
  show(place, found[0]);
  if (["waiting", "running"].includes(found[0].state)) setTimeout(() => follow(study, place), LOOK_MS);
}

function show(place, correction) {
  say(place, `Corrected labels of ${correction.at.slice(0, 16).replace("T", " ")}: ${STATES[correction.state]}${correction.words ? `: ${correction.words}` : ""}`);
  if (!correction.rows.length) return;
  const table = document.createElement("table");
  const head = table.createTHead().insertRow();
  correction.headings.forEach((words) => head.append(cell("th", words)));
  const body = table.createTBody();
  for (const [name, ...texts] of correction.rows) {
    const row = body.insertRow();
    row.append(cell("th", name));
    for (let n = 0; n < texts.length; n += 2) {
      const [old, now] = [texts[n], texts[n + 1]];
      const made = cell("td", old === now ? old : `${old} → ${now}`);
      if (old !== now) made.className = "changed";
      row.append(made);
    }
  }
  place.append(table);
}

function cell(kind, words) {
  return Object.assign(document.createElement(kind), { textContent: words });
}

function say(place, words) {
  place.replaceChildren(Object.assign(document.createElement("p"), { textContent: words }));
}
