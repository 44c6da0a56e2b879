// Outlines of labels that were drawn here; those of the program's own slices come from the server.

const SMOOTHINGS = 2;

// [colour, lines, value] of every muscle; a line is x, y, x, y... in pixels of the slice, as the server sends them.
export function outlinesOf(labels, columns, colours) {
  const edges = new Map();
  const rows = labels.length / columns;
  const corner = (column, row) => row * (columns + 1) + column;
  for (let n = 0; n < labels.length; n++) {
    const value = labels[n];
    if (!value) continue;
    const column = n % columns;
    const row = (n - column) / columns;
    const add = (from, to) => {
      if (!edges.has(value)) edges.set(value, new Map());
      const mine = edges.get(value);
      if (mine.has(from)) mine.get(from).push(to);
      else mine.set(from, [to]);
    };
    // clockwise around the muscle
    if (!row || labels[n - columns] !== value) add(corner(column, row), corner(column + 1, row));
    if (column === columns - 1 || labels[n + 1] !== value) add(corner(column + 1, row), corner(column + 1, row + 1));
    if (row === rows - 1 || labels[n + columns] !== value) add(corner(column + 1, row + 1), corner(column, row + 1));
    if (!column || labels[n - 1] !== value) add(corner(column, row + 1), corner(column, row));
  }
  return [...edges].map(([value, mine]) => [colours[value], rings(mine, columns + 1), value]);
}

function rings(edges, width) {
  const found = [];
  for (const first of edges.keys()) {
    while (edges.get(first).length) {
      const line = [];
      let at = first;
      do {
        const to = edges.get(at).pop();
        line.push([((at % width) + (to % width)) / 2, (Math.floor(at / width) + Math.floor(to / width)) / 2]);
        at = to;
      } while (at !== first);
      found.push(smooth(line).flat());
    }
  }
  return found;
}

// Without the pixels' steps.
function smooth(line) {
  for (let n = 0; n < SMOOTHINGS && line.length > 4; n++) {
    line = line.map(([x, y], at) => {
      const [before, after] = [line.at(at - 1), line[(at + 1) % line.length]];
      return [(before[0] + 2 * x + after[0]) / 4, (before[1] + 2 * y + after[1]) / 4];
    });
  }
  return line;
}
