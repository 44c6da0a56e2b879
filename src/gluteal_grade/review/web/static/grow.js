// Growing along the border: what hangs together with a pixel and is about as bright becomes the muscle.

import { painted } from "/static/brush.js";

export const REACH = 4; // times the radius of the brush
const ALIKE = 0.125; // of the window: a narrower window asks for more
const ENCLOSED = 3; // neighbours of four that have grown: the pixel between them is noise

// Changes `labels` within `reach` mm of a place (pixels, fractions of them); true if anything changed. Other muscles bound it unless they
// may be painted over. `grey`: of the slice; `alike`: how far a pixel may be from the median of the 3 x 3 under the place, in its unit.
export function grow(labels, grey, about, { at, reach, alike, value, over }) {
  const { columns, rows } = about;
  const [across, down] = about.pixel_mm;
  const [column, row] = [Math.floor(at.column), Math.floor(at.row)];
  if (column < 0 || row < 0 || column >= columns || row >= rows) return false;
  const open = (n) => labels[n] === value || painted(labels[n], { value, over, erase: false }) !== labels[n];
  const within = (c, r) => c >= 0 && r >= 0 && c < columns && r < rows && Math.hypot((c + 0.5 - at.column) * across, (r + 0.5 - at.row) * down) <= reach;
  const middle = median(around(grey, column, row, columns, rows));
  const start = row * columns + column;
  if (!open(start)) return false;
  const grown = new Set([start]);
  for (const n of grown) { // a set goes on with what is added to it
    const [c, r] = [n % columns, Math.floor(n / columns)];
    for (const [x, y] of neighbours(c, r)) {
      const next = y * columns + x;
      if (!grown.has(next) && within(x, y) && open(next) && Math.abs(grey[next] - middle) <= alike) grown.add(next);
    }
  }
  for (const n of gaps(grown, columns, rows)) if (open(n)) grown.add(n);
  let changed = false;
  for (const n of grown) {
    changed ||= labels[n] !== value;
    labels[n] = value;
  }
  return changed;
}

// In the unit of `grey`.
export function alikeIn(window, about) {
  return (ALIKE * (window.high - window.low)) / about.step;
}

function neighbours(c, r) {
  return [[c - 1, r], [c + 1, r], [c, r - 1], [c, r + 1]];
}

function around(grey, column, row, columns, rows) {
  const found = [];
  for (let r = Math.max(0, row - 1); r <= Math.min(rows - 1, row + 1); r++) {
    for (let c = Math.max(0, column - 1); c <= Math.min(columns - 1, column + 1); c++) found.push(grey[r * columns + c]);
  }
  return found;
}

function median(values) {
  const sorted = values.sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

// Pixels beside what has grown that lie nearly enclosed in it.
function gaps(grown, columns, rows) {
  const count = new Map();
  for (const n of grown) {
    for (const [x, y] of neighbours(n % columns, Math.floor(n / columns))) {
      const next = y * columns + x;
      if (x >= 0 && y >= 0 && x < columns && y < rows && !grown.has(next)) count.set(next, (count.get(next) ?? 0) + 1);
    }
  }
  return [...count].filter(([, n]) => n >= ENCLOSED).map(([n]) => n);
}
