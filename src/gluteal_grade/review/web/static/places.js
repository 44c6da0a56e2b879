// Where something lies in a slice.

// The pixel in the middle of all whose label passes; null where none does.
export function middleOf(labels, columns, passes) {
  const found = { column: 0, row: 0, n: 0 };
  labels.forEach((value, n) => {
    if (!passes(value)) return;
    found.column += n % columns;
    found.row += Math.floor(n / columns);
    found.n++;
  });
  return found.n ? { column: Math.floor(found.column / found.n), row: Math.floor(found.row / found.n) } : null;
}

// The pixel in the middle of the body.
export function middleOfBody({ box }) {
  return { column: Math.floor((box[0] + box[2]) / 2), row: Math.floor((box[1] + box[3]) / 2) };
}

// The label that most pixels have; 0 where there is none.
export function commonest(labels) {
  const counts = new Uint32Array(256);
  for (const value of labels) counts[value]++;
  counts[0] = 0;
  const most = Math.max(...counts);
  return most ? counts.indexOf(most) : 0;
}
