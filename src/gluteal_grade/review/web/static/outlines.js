// Outlines of labels that were drawn here; those of the program's own slices come from the server.

const SMOOTHINGS = 2;

// [colour, lines, value] of every muscle; a line is x, y, x, y... in pixels of the slice, as the server sends them.
export function outlinesOf(labels, columns, colours) {
  const edges = new Map();
  const rows = labels.length / columns;
  const width = columns + 1; // of the grid of pixels' corners
  const add = (value, from, to) => {
    if (!edges.has(value)) edges.set(value, new Map());
    const mine = edges.get(value);
    if (mine.has(from)) mine.get(from).push(to);
    else mine.set(from, [to]);
  };
  for (let row = 0, n = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, n++) {
      const value = labels[n];
      if (!value) continue;
      const corner = row * width + column;
      // clockwise around the muscle
      if (!row || labels[n - columns] !== value) add(value, corner, corner + 1);
      if (column === columns - 1 || labels[n + 1] !== value) add(value, corner + 1, corner + width + 1);
      if (row === rows - 1 || labels[n + columns] !== value) add(value, corner + width + 1, corner + width);
      if (!column || labels[n - 1] !== value) add(value, corner + width, corner);
    }
  }
  return [...edges].map(([value, mine]) => [colours[value], rings(mine, width), value]);
}

function rings(edges, width) {
  const found = [];
  for (const [first, ends] of edges) {
    while (ends.length) {
      const line = []; // middles of the pixels' edges
      let at = first;
      do {
        const to = edges.get(at).pop();
        line.push(((at % width) + (to % width)) / 2, (Math.floor(at / width) + Math.floor(to / width)) / 2);
        at = to;
      } while (at !== first);
      found.push(smooth(line));
    }
  }
  return found;
}

// Without the pixels' steps.
function smooth(line) {
  const length = line.length;
  for (let times = 0; times < SMOOTHINGS && length > 8; times++) {
    const next = new Array(length);
    for (let n = 0; n < length; n++) next[n] = (line[(n + length - 2) % length] + 2 * line[n] + line[(n + 2) % length]) / 4;
    line = next;
  }
  return line;
}
