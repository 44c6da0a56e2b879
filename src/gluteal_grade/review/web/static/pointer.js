// What a pointer does on a picture: the wheel turns slices, a drag is not a click.

const A_STEP = 40;
const CLICK_PIXELS = 4;

export class Wheel {
  constructor(step) {
    this.step = step;
    this.turned = 0;
  }

  turn(event) {
    event.preventDefault();
    this.turned += event.deltaMode ? event.deltaY * A_STEP : event.deltaY;
    const steps = Math.trunc(this.turned / A_STEP);
    this.turned -= steps * A_STEP;
    if (steps) this.step(-Math.max(-3, Math.min(3, steps)));
  }
}

// `dragged` gets each movement; `clicked` a press that went nowhere.
export function onDrag(canvas, { dragged, clicked }) {
  let way = null;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    way = 0;
  });
  canvas.addEventListener("pointermove", (event) => {
    if (way === null || !event.buttons) return;
    way += Math.abs(event.movementX) + Math.abs(event.movementY);
    dragged(event.movementX, event.movementY);
  });
  canvas.addEventListener("pointerup", (event) => {
    if (way !== null && way < CLICK_PIXELS && event.button === 0) clicked(event);
    way = null;
  });
  canvas.addEventListener("pointercancel", () => (way = null));
}
