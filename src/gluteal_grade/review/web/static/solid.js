// The muscles in 3-D: NiiVue draws their surfaces, everything else is here. It is loaded when the view is first looked at.

import { onDrag } from "/static/pointer.js";
import { bytesOf, postForBytes } from "/static/server.js";

const by = (id) => document.getElementById(id);
const FRONT = { azimuth: 180, elevation: 10 }; // the patient's right at the left, as in the other pictures
const BEHIND = { azimuth: 0, elevation: 10 };
const SIDES = ["L", "A", "R", "P"]; // at the left edge, seen from azimuth 0, 90, 180, 270
const STEP = 10; // degrees a key
const ZOOM = 1.1;
const CALM_MS = 200; // without a movement of the cross-hair
const WAIT_MS = 150; // after a stroke, until new surfaces are asked for
const ABSENT = "No 3-D view: NiiVue was not there when this program was installed. The other views need nothing of it.";
const NO_WEBGL = "No 3-D view: this browser has no WebGL 2. The other views do not need it.";

export class Solid {
  constructor(viewer, planes) {
    Object.assign(this, { viewer, planes, study: viewer.stack.study });
    this.canvas = by("solid-canvas");
    this.angle = { ...FRONT };
    this.zoom = 1;
    onDrag(this.canvas, { dragged: (x, y) => this.turn(x / 2, y / 2), clicked: () => {} });
    this.canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.scale(event.deltaY < 0 ? ZOOM : 1 / ZOOM);
    }, { passive: false });
    new ResizeObserver(() => this.viewer.paint()).observe(this.canvas);
  }

  get shown() {
    return this.canvas.offsetParent !== null;
  }

  say(words) {
    by("solid-state").textContent = words;
  }

  // Home and End: from the front, from behind.
  step(by_) {
    this.turn(0, STEP * Math.sign(by_));
  }

  side(by_) {
    this.turn(-STEP * by_, 0);
    return true;
  }

  end(top) {
    this.angle = { ...(top ? FRONT : BEHIND) };
    this.viewer.paint();
  }

  turn(across, down) {
    this.angle = { azimuth: (this.angle.azimuth - across + 360) % 360, elevation: Math.max(-90, Math.min(90, this.angle.elevation + down)) };
    this.viewer.paint();
  }

  scale(by_) {
    this.zoom = Math.max(0.5, Math.min(4, this.zoom * by_));
    this.viewer.paint();
  }

  async open() {
    if (!this.viewer.about.solid) return this.say(ABSENT);
    if (!document.createElement("canvas").getContext("webgl2")) return this.say(NO_WEBGL);
    this.say("Loading the 3-D view…");
    try {
      await import("/static/niivue.js");
      const { Niivue } = globalThis.niivue;
      // none of its own keys, pointer and logs
      const drawn = new Niivue({ interactive: false, dragAndDropEnabled: false, isResizeCanvas: true, isOrientCube: true, show3Dcrosshair: true, crosshairWidth: 0.6, crosshairColor: [1, 1, 1, 0.6], backColor: [0, 0, 0, 1], logLevel: "silent", loadingText: "" });
      await drawn.attachToCanvas(this.canvas, true);
      drawn.setSliceType(drawn.sliceTypeRender);
      this.drawn = drawn;
    } catch {
      return this.say("No 3-D view: it did not start. The other views do not need it.");
    }
    this.viewer.paint();
  }

  paint() {
    if (!this.shown) return;
    this.opening ??= this.open();
    if (!this.drawn) return;
    this.follow();
    const { drawn, angle, planes, viewer } = this;
    if (this.surfaces === undefined) return;
    const [first, ...steps] = viewer.about.axes_mm;
    const mm = first.map((v, n) => v + steps[0][n] * viewer.at.slice + steps[1][n] * viewer.at.row + steps[2][n] * viewer.at.column);
    const state = JSON.stringify([angle, this.zoom, planes.crossed, mm, this.surfaces, this.canvas.clientWidth, this.canvas.clientHeight]);
    if (state === this.state) return;
    // beside the others it must not slow the slices that are being turned
    const soon = this.planes.view === "all" && this.turned === JSON.stringify(angle) && this.state !== null;
    clearTimeout(this.later);
    if (soon && !this.due) {
      this.later = setTimeout(() => {
        this.due = true;
        this.paint();
      }, CALM_MS);
      return;
    }
    this.due = false;
    this.turned = JSON.stringify(angle);
    this.state = state;
    drawn.opts.show3Dcrosshair = planes.crossed;
    drawn.scene.crosshairPos = drawn.mm2frac(mm);
    drawn.scene.volScaleMultiplier = this.zoom;
    drawn.setRenderAzimuthElevation(angle.azimuth, angle.elevation);
    const quarter = Math.round(angle.azimuth / 90);
    by("solid-left").textContent = SIDES[quarter % 4];
    by("solid-right").textContent = SIDES[(quarter + 2) % 4];
    this.canvas.dataset.shown = this.surfaces;
    this.canvas.setAttribute("aria-label", `Muscles in 3-D from azimuth ${Math.round(angle.azimuth)}, elevation ${Math.round(angle.elevation)} degrees`);
  }

  // New surfaces when the labels are others; one request at a time, and none while a stroke is drawn.
  follow() {
    const { tool } = this.viewer;
    const version = tool?.drawing.version ?? 0;
    if (this.waiting || tool?.busy || (this.surfaces === version && this.ofTool === Boolean(tool))) return;
    this.waiting = setTimeout(async () => {
      try {
        this.put(await this.asked(tool));
        [this.surfaces, this.ofTool] = [version, Boolean(tool)];
        this.say("");
      } catch (error) {
        this.surfaces ??= version; // what is not there is not asked for again and again
        this.say(error.status ? error.message : "The surfaces did not come.");
      } finally {
        this.waiting = null;
        this.viewer.paint();
      }
    }, this.surfaces === undefined ? 0 : WAIT_MS);
  }

  asked(tool) {
    const address = `/studies/${this.study}/surfaces`;
    return tool ? postForBytes(address, tool.drawing.sent()) : bytesOf(address);
  }

  put(bytes) {
    const { NVMesh } = globalThis.niivue;
    const length = new DataView(bytes).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length)));
    let at = 4 + length;
    for (const mesh of [...this.drawn.meshes]) this.drawn.removeMesh(mesh);
    for (const { value, colour, points, triangles } of header) {
      const corners = new Float32Array(bytes, at, 3 * points);
      const faces = new Uint32Array(bytes, (at += 12 * points), 3 * triangles);
      at += 12 * triangles;
      const rgb = [1, 3, 5].map((n) => parseInt(colour.slice(n, n + 2), 16));
      this.drawn.addMesh(new NVMesh(corners, faces, String(value), new Uint8Array([...rgb, 255]), 1, true, this.drawn.gl));
    }
    this.state = null;
  }
}
