// Export: written by the server, then linked.

import { onKeys } from "/static/keys.js";
import { showState } from "/static/queue.js";
import { post } from "/static/server.js";

const place = document.getElementById("made");
const button = document.getElementById("make");

button.addEventListener("click", async () => {
  button.disabled = true;
  place.textContent = "Writing…";
  try {
    show(await post("/api/export", {}, { patience: 0 }));
  } catch (error) {
    place.textContent = `Not written: ${error.status ? error.message : "the server does not answer"}`;
  } finally {
    button.disabled = false;
    place.querySelector("a")?.focus();
  }
});

function show(made) {
  place.replaceChildren(line("Written: "));
  for (const name of [made.zip, ...made.tables]) {
    const link = Object.assign(document.createElement("a"), { href: `/export/${name}`, download: name, textContent: name });
    place.firstChild.append(link, " ");
  }
  place.append(line(`${made.reports} DICOM ${made.reports === 1 ? "report" : "reports"} in the zip.`));
  made.not_written.forEach(({ study, why }) => place.append(line(`${study}: no DICOM report, ${why}.`)));
}

function line(words) {
  return Object.assign(document.createElement("p"), { textContent: words });
}

onKeys({ e: () => button.click(), l: () => location.assign("/") });
showState();
