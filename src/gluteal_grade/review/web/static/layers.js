// The picture's layers in voxels: grey values through a window, and the fat map inside the muscles.

const NONE = 255;
const STRIPES = 7;

function layer(about, paint) {
  const canvas = new OffscreenCanvas(about.columns, about.rows);
  const context = canvas.getContext("2d");
  const image = context.createImageData(about.columns, about.rows);
  paint(image.data);
  context.putImageData(image, 0, 0);
  return canvas;
}

// Grey value of every stored value.
export function lookup(about, window) {
  const table = new Uint8ClampedArray(65536);
  const span = Math.max(1e-6, window.high - window.low);
  for (let v = 0; v < 65536; v++) {
    const linear = (v * about.step + about.lowest - window.low) / span;
    table[v] = linear <= 0 ? 0 : linear >= 1 ? 255 : 255 * linear ** about.window.gamma;
  }
  return table;
}

export function greyLayer(about, slice, table) {
  return layer(about, (data) => {
    for (let n = 0, at = 0; n < slice.grey.length; n++, at += 4) {
      data[at] = data[at + 1] = data[at + 2] = table[slice.grey[n]];
      data[at + 3] = 255;
    }
  });
}

// Muscle without a fat value is striped.
export function fatLayer(about, slice) {
  return layer(about, (data) => {
    for (let n = 0, at = 0; n < slice.labels.length; n++, at += 4) {
      if (!slice.labels[n]) continue;
      const fat = slice.fat[n];
      const stripe = (Math.floor(n / about.columns) + (n % about.columns)) % STRIPES < 2 ? 60 : 150;
      const colour = fat === NONE ? [stripe, stripe, stripe] : about.fat_colours[fat];
      data[at] = colour[0];
      data[at + 1] = colour[1];
      data[at + 2] = colour[2];
      data[at + 3] = 255;
    }
  });
}
