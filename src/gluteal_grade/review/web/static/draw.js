// One picture: layers, outlines, what was left out, letters, scale bar.

const RIM = "rgba(0, 0, 0, 0.55)";
const CROSS = "rgba(255, 255, 255, 0.55)";
const STRIPE_PIXELS = 12;

// How slice pixels lie on the canvas.
export function placed(about, size, whole) {
  const box = whole ? [0, 0, about.columns, about.rows] : about.box;
  const [across, down] = about.pixel_mm;
  const width = (box[2] - box[0]) * across;
  const height = (box[3] - box[1]) * down;
  const scale = Math.min(size.width / width, size.height / height);
  return {
    x: (size.width - width * scale) / 2 - box[0] * across * scale,
    y: (size.height - height * scale) / 2 - box[1] * down * scale,
    across: across * scale,
    down: down * scale,
    perMm: scale,
  };
}

export function draw(context, size, about, slice, layers, look, words) {
  const at = placed(about, size, look.whole);
  const width = about.columns * at.across;
  const height = about.rows * at.down;
  context.fillStyle = "#000";
  context.fillRect(0, 0, size.width, size.height);
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  context.drawImage(layers.grey, at.x, at.y, width, height);
  if (layers.fat) {
    context.imageSmoothingEnabled = false; // voxels as they are
    context.globalAlpha = look.opacity;
    context.drawImage(layers.fat, at.x, at.y, width, height);
    context.globalAlpha = 1;
  }
  if (look.contours) {
    for (const [colour, lines] of slice.outlines) stroke(context, path(lines, at), colour, 1.5 * size.ratio);
    if (slice.zone.length) zone(context, path(slice.zone, at), about.zone_colour, size);
  }
  letters(context, size, about.letters);
  bar(context, size, about.bar_mm, at.perMm);
  text(context, words, 10 * size.ratio, size.height - 12 * size.ratio, 12.5 * size.ratio, "left");
}

export function path(lines, at) {
  const found = new Path2D();
  for (const line of lines) {
    for (let n = 0; n < line.length; n += 2) {
      const x = at.x + line[n] * at.across;
      const y = at.y + line[n + 1] * at.down;
      if (n) found.lineTo(x, y);
      else found.moveTo(x, y);
    }
    found.closePath();
  }
  return found;
}

function stroke(context, line, colour, width) {
  context.lineJoin = "round";
  context.strokeStyle = RIM;
  context.lineWidth = width * 1.9;
  context.stroke(line);
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke(line);
}

function zone(context, area, colour, size) {
  context.save();
  context.clip(area, "evenodd");
  context.strokeStyle = colour;
  context.globalAlpha = 0.75;
  context.lineWidth = 0.8 * size.ratio;
  context.beginPath();
  for (let x = -size.height; x < size.width; x += STRIPE_PIXELS * size.ratio) {
    context.moveTo(x, 0);
    context.lineTo(x + size.height, size.height);
  }
  context.stroke();
  context.restore();
  stroke(context, area, colour, 1.3 * size.ratio);
}

// Two lines with a gap where they cross, through the middle of a pixel.
export function crosshair(context, at, { column, row }, size) {
  const x = Math.round(at.x + (column + 0.5) * at.across) + 0.5;
  const y = Math.round(at.y + (row + 0.5) * at.down) + 0.5;
  const gap = 12 * size.ratio;
  context.lineWidth = size.ratio;
  context.strokeStyle = CROSS;
  context.beginPath();
  for (const [from, to] of [[0, x - gap], [x + gap, size.width]]) context.moveTo(from, y), context.lineTo(to, y);
  for (const [from, to] of [[0, y - gap], [y + gap, size.height]]) context.moveTo(x, from), context.lineTo(x, to);
  context.stroke();
}

function letters(context, size, found) {
  const large = 20 * size.ratio;
  const small = 14 * size.ratio;
  text(context, found.left, 10 * size.ratio, size.height / 2, large, "left", true);
  text(context, found.right, size.width - 10 * size.ratio, size.height / 2, large, "right", true);
  text(context, found.top, size.width / 2, 14 * size.ratio, small, "center", true);
  text(context, found.bottom, size.width / 2, size.height - 12 * size.ratio, small, "center", true);
}

function bar(context, size, mm, perMm) {
  const length = mm * perMm;
  if (length > 0.6 * size.width) return;
  const x = size.width - 14 * size.ratio - length;
  const y = size.height - 12 * size.ratio;
  context.fillStyle = "#000";
  context.fillRect(x - 1, y - 2.5 * size.ratio, length + 2, 5 * size.ratio);
  context.fillStyle = "#fff";
  context.fillRect(x, y - 1.5 * size.ratio, length, 3 * size.ratio);
  text(context, `${mm / 10} cm`, x + length / 2, y - 12 * size.ratio, 12.5 * size.ratio, "center");
}

function text(context, words, x, y, height, align, bold = false) {
  context.font = `${bold ? "bold " : ""}${height}px system-ui, "DejaVu Sans", sans-serif`;
  context.textAlign = align;
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.strokeStyle = "rgba(0, 0, 0, 0.8)";
  context.lineWidth = height / 4.5;
  context.strokeText(words, x, y);
  context.fillStyle = "#fff";
  context.fillText(words, x, y);
}
