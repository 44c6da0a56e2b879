// Talking to the server: who reads, and posting what a page stores.

const told = document.body.dataset;
export const identity = { reader: told.reader, read: Number(told.read), blinded: told.blinded === "true" };
let csrf = told.csrf;

const PATIENCE_MS = 20000;

export class Refused extends Error {
  constructor(status, code, words) {
    super(words || "the server refused it");
    this.status = status;
    this.code = code || "";
  }
  // whether the same may succeed later
  get passes() {
    return this.status >= 500 || this.status === 408 || this.status === 401 || this.status === 429;
  }
}

export async function bytesOf(address) {
  return understoodBytes(await fetch(address, { headers: { Accept: "application/json" }, cache: "no-store" }));
}

export async function get(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" }, cache: "no-store" });
  return understood(answer);
}

// A page may outlive the server it came from: it asks once for what a new one wants to see, if that reads for the same reader.
export async function post(address, content, { type = "application/json", patience = PATIENCE_MS, again = true, reads = understood } = {}) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": type, Accept: "application/json", "X-Review-Token": csrf },
    body: type === "application/json" ? JSON.stringify(content) : content,
    signal: patience ? AbortSignal.timeout(patience) : undefined,
  });
  try {
    return await reads(answer);
  } catch (error) {
    if (!(again && error.code === "page_out_of_date")) throw error;
    const now = await get("/api/session");
    if (now.reader !== identity.reader || now.read !== identity.read || now.blinded !== identity.blinded) {
      throw new Refused(409, "other_reader", "this server now reads for another reader, read or mode");
    }
    csrf = now.csrf;
    return post(address, content, { type, patience, again: false, reads });
  }
}

export const postForBytes = (address, content) => post(address, content, { reads: understoodBytes });

async function understoodBytes(answer) {
  return answer.ok ? answer.arrayBuffer() : understood(answer);
}

async function understood(answer) {
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(answer.status, content.error, content.words);
  return content;
}

// crypto.randomUUID is there on loopback and https only
export function uuid() {
  const b = crypto.getRandomValues(new Uint8Array(16));
  b[6] = (b[6] & 0x0f) | 0x40;
  b[8] = (b[8] & 0x3f) | 0x80;
  const hex = Array.from(b, (v) => v.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
