// Slices of labels as runs: value and length in turn, row by row. The server reads and writes the same.

export function encode(labels) {
  const runs = [];
  for (let n = 0, start = 0; n < labels.length; n++) {
    if (n + 1 < labels.length && labels[n + 1] === labels[n]) continue;
    runs.push(labels[n], n + 1 - start);
    start = n + 1;
  }
  return runs;
}

export function decode(runs, length) {
  const labels = new Uint8Array(length);
  for (let n = 0, at = 0; n < runs.length; n += 2) labels.fill(runs[n], at, (at += runs[n + 1]));
  return labels;
}
