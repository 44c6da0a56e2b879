// One movement of the brush or the eraser on a slice.

// Changes `labels` within `radius` mm of the way from one place to another (pixels, fractions of them); true if anything changed.
export function sweep(labels, about, { from, to, radius, value, over, erase }) {
  const [across, down] = about.pixel_mm;
  const [x0, y0, x1, y1] = [from.column * across, from.row * down, to.column * across, to.row * down];
  const inside = (v, most) => Math.max(0, Math.min(most - 1, Math.floor(v)));
  const [left, right] = [Math.min(x0, x1) - radius, Math.max(x0, x1) + radius].map((x) => inside(x / across, about.columns));
  const [top, bottom] = [Math.min(y0, y1) - radius, Math.max(y0, y1) + radius].map((y) => inside(y / down, about.rows));
  const length = (x1 - x0) ** 2 + (y1 - y0) ** 2;
  let changed = false;
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const [x, y] = [(column + 0.5) * across, (row + 0.5) * down];
      const share = length ? Math.max(0, Math.min(1, ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length)) : 0;
      const far = Math.hypot(x - x0 - share * (x1 - x0), y - y0 - share * (y1 - y0)) > radius;
      const under = column === Math.floor(to.column) && row === Math.floor(to.row); // a brush smaller than a pixel takes one
      if (far && !under) continue;
      const n = row * about.columns + column;
      const next = painted(labels[n], { value, over, erase });
      changed ||= next !== labels[n];
      labels[n] = next;
    }
  }
  return changed;
}

// The label of a pixel that is painted: other muscles stay unless they may be painted over.
export function painted(label, { value, over, erase }) {
  if (erase) return label === value || over ? 0 : label;
  return label === 0 || over ? value : label;
}
