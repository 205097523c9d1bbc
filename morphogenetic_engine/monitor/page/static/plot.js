// A small plot on a canvas: axes, lines, dots, and a note on what is under the pointer.

const MARGIN = { left: 62, right: 56, top: 12, bottom: 40 };

export class Plot {
  constructor(canvas, { height, x, y }) {
    this.canvas = canvas;
    this.tip = canvas.parentElement.querySelector(".tip");
    this.height = height;
    this.names = { x, y };
    this.series = [];
    this.dots = [];
    canvas.addEventListener("pointermove", (event) => this.point(event));
    canvas.addEventListener("pointerleave", () => this.showTip(null));
    new ResizeObserver(() => this.draw()).observe(canvas.parentElement);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  /** Lines: {points: [[x, y]], role, label, width, dashed}; dots: {x, y, role, label}. Draws at once. */
  show(series, dots = []) {
    this.series = series;
    this.dots = dots;
    this.draw();
  }

  draw() {
    const width = Math.max(280, this.canvas.parentElement.clientWidth);
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${this.height}px`;
    const context = this.canvas.getContext("2d");
    context.scale(ratio, ratio);
    const style = getComputedStyle(this.canvas);
    this.colour = (role) => style.getPropertyValue(`--${role}`).trim();
    context.font = `12px ${style.fontFamily}`;
    this.place(width);
    this.axes(context, width);
    for (const series of this.series) this.line(context, series);
    for (const dot of this.dots) this.dot(context, dot);
    this.labels(context);
  }

  /** Choose the ranges; a few far outliers do not flatten the rest. */
  place(width) {
    const points = [...this.series.flatMap((series) => series.points), ...this.dots.map((dot) => [dot.x, dot.y])];
    const xs = points.map(([x]) => x);
    const [low, high] = usualRange(points.map(([, y]) => y));
    const [left, right] = [smallest(xs), largest(xs)];
    const first = points.length ? left : 0;
    const last = points.length && right > left ? right : first + 1;
    this.range = { first, last, low, high };
    this.xAt = (x) => MARGIN.left + ((x - first) / (last - first)) * (width - MARGIN.left - MARGIN.right);
    const span = this.height - MARGIN.top - MARGIN.bottom;
    this.yAt = (y) => MARGIN.top + (1 - (Math.min(high, Math.max(low, y)) - low) / (high - low)) * span;
  }

  axes(context, width) {
    const { first, last, low, high } = this.range;
    const [bottom, right] = [this.height - MARGIN.bottom, width - MARGIN.right];
    context.lineWidth = 1;
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (const tick of ticks(low, high, 5)) {
      const y = Math.round(this.yAt(tick)) + 0.5;
      stroke(context, this.colour("grid"), [[MARGIN.left, y], [right, y]]);
      context.fillStyle = this.colour("muted");
      context.fillText(tickText(tick, high - low), MARGIN.left - 8, y);
    }
    stroke(context, this.colour("edge"), [[MARGIN.left, bottom + 0.5], [right, bottom + 0.5]]);
    context.textAlign = "center";
    for (const tick of ticks(first, last, Math.max(2, Math.floor(width / 120))).filter(Number.isInteger)) {
      context.fillText(String(tick), this.xAt(tick), bottom + 14);
    }
    context.fillText(this.names.x, (MARGIN.left + right) / 2, bottom + 31);
    context.save();
    context.translate(11, (MARGIN.top + bottom) / 2);
    context.rotate(-Math.PI / 2);
    context.fillText(shortened(this.names.y, 28), 0, 0);
    context.restore();
  }

  line(context, { points, role, width = 1.8, dashed = false }) {
    if (!points.length) return;
    context.lineWidth = width;
    context.lineJoin = "round";
    context.setLineDash(dashed ? [5, 4] : []);
    stroke(context, this.colour(role), points.map(([x, y]) => [this.xAt(x), this.yAt(y)]));
    context.setLineDash([]);
    if (points.length === 1) this.dot(context, { x: points[0][0], y: points[0][1], role });
  }

  dot(context, { x, y, role }) {
    context.fillStyle = this.colour(role);
    const size = this.dots.length > 2000 ? 3 : 5;
    context.fillRect(this.xAt(x) - size / 2, this.yAt(y) - size / 2, size, size);
  }

  /** Write each line's label at its end, apart from the others. */
  labels(context) {
    context.textAlign = "left";
    const ends = this.series.filter((series) => series.label && series.points.length).map((series) => {
      const [x, y] = series.points[series.points.length - 1];
      return { x: this.xAt(x) + 5, y: this.yAt(y), role: series.role, label: series.label };
    });
    const placed = [];
    for (const end of ends.sort((one, other) => one.y - other.y)) {
      if (placed.some((other) => Math.abs(other.x - end.x) < 34 && Math.abs(other.y - end.y) < 12)) continue;
      placed.push(end);
      context.lineWidth = 3;
      context.strokeStyle = this.colour("paper");
      context.strokeText(end.label, end.x, end.y);
      context.fillStyle = this.colour(end.role);
      context.fillText(end.label, end.x, end.y);
    }
  }

  point(event) {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let best = null;
    const consider = (px, py, text) => {
      const distance = (this.xAt(px) - x) ** 2 + (this.yAt(py) - y) ** 2;
      if (distance < 400 && (best === null || distance < best.distance)) best = { distance, px, py, text };
    };
    for (const dot of this.dots) consider(dot.x, dot.y, dot.label);
    for (const series of this.series) {
      if (series.tip) for (const [px, py] of series.points) consider(px, py, () => series.tip(px, py));
    }
    this.showTip(best);
  }

  showTip(found) {
    this.tip.hidden = found === null;
    if (found === null) return;
    this.tip.textContent = typeof found.text === "function" ? found.text() : found.text;
    const left = this.xAt(found.px);
    this.tip.style.left = `${left > this.canvas.clientWidth / 2 ? left - this.tip.offsetWidth - 10 : left + 10}px`;
    this.tip.style.top = `${Math.max(0, this.yAt(found.py) - 14)}px`;
  }
}

/** Round numbers between low and high, about `count` of them. */
export function ticks(low, high, count) {
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough * 0.999);
  const found = [];
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + step * 1e-9; index += 1) found.push(index * step);
  return found;
}

function tickText(value, span) {
  const decimals = Math.max(0, Math.min(6, Math.ceil(-Math.log10(span)) + 1));
  return Math.abs(value) >= 1e6 || (value !== 0 && span < 1e-5) ? value.toExponential(1) : value.toFixed(decimals);
}

function usualRange(values) {
  const sorted = values.filter(Number.isFinite).sort((one, other) => one - other);
  if (!sorted.length) return [0, 1];
  const at = (part) => sorted[Math.round(part * (sorted.length - 1))];
  let [low, high] = [sorted[0], sorted[sorted.length - 1]];
  const [lower, upper] = [at(0.05), at(0.95)];
  const room = 2 * (upper - lower);
  if (room > 0) [low, high] = [Math.max(low, lower - room), Math.min(high, upper + room)];
  const edge = (high - low) * 0.06 || Math.abs(high) * 0.05 || 0.5;
  return [low - edge, high + edge];
}

function smallest(values) {
  return values.reduce((one, other) => Math.min(one, other), Infinity);
}

function largest(values) {
  return values.reduce((one, other) => Math.max(one, other), -Infinity);
}

function shortened(text, length) {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

function stroke(context, colour, points) {
  context.strokeStyle = colour;
  context.beginPath();
  points.forEach(([x, y], index) => (index ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.stroke();
}
