// What an outline encloses, however it was drawn: by a drag, or corner by corner.

import { painted } from "/static/brush.js";

// Changes the pixels of `labels` whose middles lie inside (even-odd); true if anything changed. Points are pixels and fractions of them.
export function enclose(labels, about, points, rule) {
  let changed = false;
  const rows = points.map((point) => point.row);
  const [top, bottom] = [Math.max(0, Math.floor(Math.min(...rows))), Math.min(about.rows - 1, Math.floor(Math.max(...rows)))];
  for (let row = top; row <= bottom; row++) {
    const borders = crossings(points, row + 0.5);
    for (let n = 0; n + 1 < borders.length; n += 2) {
      const last = Math.min(about.columns - 1, Math.ceil(borders[n + 1] - 0.5) - 1);
      for (let column = Math.max(0, Math.ceil(borders[n] - 0.5)); column <= last; column++) {
        const at = row * about.columns + column;
        const next = painted(labels[at], rule);
        changed ||= next !== labels[at];
        labels[at] = next;
      }
    }
  }
  return changed;
}

function crossings(points, y) {
  const found = [];
  points.forEach((from, n) => {
    const to = points[(n + 1) % points.length];
    if (from.row <= y !== to.row <= y) found.push(from.column + ((y - from.row) / (to.row - from.row)) * (to.column - from.column));
  });
  return found.sort((a, b) => a - b);
}

export function drawOpen(context, at, { points, pointer }, colour, ratio) {
  const line = new Path2D();
  for (const { column, row } of points) line.lineTo(at.x + column * at.across, at.y + row * at.down);
  context.setLineDash([]);
  for (const [style, width] of [["rgba(0, 0, 0, 0.7)", 3.5], [colour, 1.75]]) {
    context.strokeStyle = style;
    context.lineWidth = width * ratio;
    context.stroke(line);
  }
  for (const { column, row } of pointer === undefined ? points : []) { // corners set one by one
    context.fillStyle = colour;
    context.fillRect(at.x + column * at.across - 2 * ratio, at.y + row * at.down - 2 * ratio, 4 * ratio, 4 * ratio);
  }
}
