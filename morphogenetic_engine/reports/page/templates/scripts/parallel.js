// Parallel coordinates on a canvas. Dragging along an axis filters its column, as typing below the heading does.

const MOST_AXES = 12;
const LINES_WHILE_DRAGGING = 1200;
const LINES_A_FRAME = 700;
const LEVEL_COUNT = 7;

/** The columns that have an axis, each with where every trial lies on it: 0 below, 1 above, NaN nowhere. */
function parallelAxes() {
  const places = [...columns.keys()];
  const objectives = places.filter((place) => columns[place].role === "objective");
  const parameters = places.filter((place) => columns[place].role === "parameter");
  return [...parameters.slice(0, Math.max(1, MOST_AXES - objectives.length)), ...objectives].map((place) => {
    const column = columns[place];
    const there = column.values.filter((value, row) => value !== null && data.levels[row] >= 0);
    const axis = { place, column, units: new Float32Array(numbers.length).fill(NaN) };
    if (column.choices) {
      const slots = column.choices.length;
      axis.unit = (value) => (value + 0.5) / slots;
      axis.value = (unit) => unit * slots - 0.5;
      axis.ticks = column.choices.map((text, index) => ({ unit: axis.unit(index), text }));
    } else {
      const low = there.reduce((a, b) => Math.min(a, b), Infinity), high = there.reduce((a, b) => Math.max(a, b), -Infinity);
      const share = column.better === "maximize" && high <= 1; // a logarithmic axis would compress the good values
      const wide = column.role === "objective" && low > 0 && high / low > 1000 && !share;
      const log = (column.log || wide) && low > 0;
      // Halves, because the difference of two numbers may be larger than any number.
      const forth = log ? Math.log10 : (value) => value / 2, back = log ? (place) => 10 ** place : (place) => place * 2;
      const span = forth(high) - forth(low) || 1;
      const middle = forth(high) === forth(low) ? 0.5 : 0;
      axis.unit = (value) => middle + ((forth(value) - forth(low)) / span) * (middle ? 0 : 1);
      axis.value = (unit) => back(forth(low) + unit * span);
      const ticks = log ? logTicks(low, high) : evenTicks(low, high, column.whole);
      axis.ticks = ticks.map((value) => ({ unit: axis.unit(value), text: shortNumber(Number(value.toPrecision(4))) }));
      axis.scale = log ? "log scale" : "linear scale";
    }
    if (column.better) axis.scale = column.better === "maximize" ? "higher is better" : "lower is better";
    column.values.forEach((value, row) => { if (value !== null) axis.units[row] = axis.unit(value); });
    return axis;
  });
}

/** Round numbers between two. */
function evenTicks(low, high, whole) {
  if (!(high > low)) return Number.isFinite(low) ? [low] : [];
  const raw = high / 6 - low / 6;
  if (raw < 1e-300) return [low, high];
  const power = 10 ** Math.floor(Math.log10(raw));
  let step = [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= raw);
  if (whole) step = Math.max(1, Math.ceil(step));
  const ticks = [];
  for (let index = Math.ceil(low / step - 1e-9); index <= high / step + 1e-9; index += 1) ticks.push(index * step);
  return ticks;
}

/** Powers of ten between two; in a narrow range 1, 2 and 5 times them; in a narrower one round numbers. */
function logTicks(low, high) {
  const first = Math.floor(Math.log10(low)), last = Math.ceil(Math.log10(high));
  const inside = (value) => value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9);
  const powers = Array.from({ length: last - first + 1 }, (_, index) => Number(`1e${first + index}`));
  const stride = Math.ceil(powers.length / 10);
  const found = powers.filter((power, index) => index % stride === 0 && inside(power));
  if (found.length > 3) return found;
  const finer = powers.flatMap((power) => [power, 2 * power, 5 * power]).filter(inside);
  return finer.length > 1 ? finer : evenTicks(low, high, false);
}

function buildParallel() {
  const holder = document.getElementById("parallel-canvas");
  if (!holder) return;
  const axes = parallelAxes();
  const lines = [...numbers.keys()].filter((row) => data.levels[row] >= 0).sort((a, b) => data.levels[a] - data.levels[b]);
  const back = layer(true), front = layer(false), top = layer(false);
  const size = { width: 0, height: 400, top: 58, bottom: 360, side: 66 };
  let ticket = 0, drag = null, marked = -1;
  top.canvas.setAttribute("role", "img");
  top.canvas.setAttribute("aria-label", `Parallel coordinates of ${lines.length} complete trials. The filters of the table below do the same as dragging here.`);

  function layer(inFlow) {
    const canvas = make("canvas");
    if (!inFlow) Object.assign(canvas.style, { position: "absolute", left: "0", top: "0" });
    holder.append(canvas);
    return canvas.getContext("2d");
  }

  const x = (index) => size.side + (index * (size.width - 2 * size.side)) / Math.max(1, axes.length - 1);
  const y = (unit) => size.bottom - unit * (size.bottom - size.top);
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  function trace(context, row) {
    axes.forEach((axis, index) => {
      const unit = axis.units[row];
      const at = Number.isNaN(unit) ? size.bottom + 20 : y(unit);
      if (index) context.lineTo(x(index), at);
      else context.moveTo(x(index), at);
    });
  }

  function stroke(context, row, style) {
    context.strokeStyle = style;
    context.beginPath();
    trace(context, row);
    context.stroke();
  }

  function resize() {
    const ratio = window.devicePixelRatio || 1;
    size.width = Math.max(holder.clientWidth, axes.length * 88);
    for (const context of [back, front, top]) {
      context.canvas.width = size.width * ratio;
      context.canvas.height = size.height * ratio;
      context.canvas.style.width = `${size.width}px`;
      context.canvas.style.height = `${size.height}px`;
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    redraw(true);
  }

  function redraw(settled) {
    const mine = (ticket += 1);
    const chosen = filters.size ? lines.filter((row) => mask[row]) : lines;
    const levels = Array.from({ length: LEVEL_COUNT }, (_, level) => colour(`level-${level}`));
    const faint = colour("grid");
    front.clearRect(0, 0, size.width, size.height);
    if (filters.size === 0) back.clearRect(0, 0, size.width, size.height);
    else if (settled || !back.done) drawSome(back, lines, () => faint, 1, LINES_WHILE_DRAGGING);
    back.done = filters.size > 0;
    const alpha = Math.min(0.85, Math.max(0.16, 14 / Math.sqrt(chosen.length || 1)));
    const style = (row) => levels[data.levels[row]];
    if (settled) drawAll(front, chosen, style, alpha, mine);
    else drawSome(front, chosen, style, alpha, LINES_WHILE_DRAGGING);
    drawTop();
  }

  function drawSome(context, rows, style, alpha, most) {
    context.clearRect(0, 0, size.width, size.height);
    context.globalAlpha = alpha;
    const stride = Math.max(1, Math.ceil(rows.length / most));
    for (let index = 0; index < rows.length; index += stride) stroke(context, rows[index], style(rows[index]));
  }

  function drawAll(context, rows, style, alpha, mine, from = 0) {
    if (mine !== ticket) return;
    context.globalAlpha = alpha;
    const end = Math.min(rows.length, from + LINES_A_FRAME);
    for (let index = from; index < end; index += 1) stroke(context, rows[index], style(rows[index]));
    holder.dataset.drawn = end;
    if (end < rows.length) requestAnimationFrame(() => drawAll(context, rows, style, alpha, mine, end));
  }

  function fitted(text, room) {
    if (top.measureText(text).width <= room) return text;
    let length = text.length;
    while (length > 1 && top.measureText(`${text.slice(0, length)}…`).width > room) length -= 1;
    return `${text.slice(0, length)}…`;
  }

  function drawTop() {
    const gap = axes.length > 1 ? x(1) - x(0) : size.width;
    const ink = colour("ink"), muted = colour("muted"), paper = colour("paper");
    top.clearRect(0, 0, size.width, size.height);
    top.textBaseline = "middle";
    axes.forEach((axis, index) => {
      const at = x(index), font = getComputedStyle(document.body).fontFamily;
      top.strokeStyle = ink;
      top.lineWidth = 1;
      top.beginPath();
      top.moveTo(at, size.top);
      top.lineTo(at, size.bottom);
      top.stroke();
      top.textAlign = "center";
      top.font = `600 12px ${font}`;
      top.fillStyle = ink;
      top.fillText(fitted(axis.column.name, Math.min(gap, 2 * size.side) - 10), at, 16);
      top.font = `11px ${font}`;
      top.fillStyle = muted;
      top.fillText(fitted(`(${axis.scale || "choice"})`, Math.min(gap, 2 * size.side) - 10), at, 33);
      const last = index === axes.length - 1;
      top.textAlign = last ? "right" : "left";
      const every = Math.ceil(axis.ticks.length / 20);
      axis.ticks.forEach((tick, place) => {
        if (place % every) return;
        const text = fitted(tick.text, Math.min(gap - 20, last ? size.side + 30 : gap - 20));
        top.strokeStyle = paper;
        top.lineWidth = 3;
        top.lineJoin = "round";
        top.strokeText(text, at + (last ? -8 : 8), y(tick.unit));
        top.fillStyle = ink;
        top.fillText(text, at + (last ? -8 : 8), y(tick.unit));
        top.fillRect(at - 3, y(tick.unit) - 0.5, 6, 1);
      });
      const brush = brushOf(axis);
      if (brush) {
        top.fillStyle = colour("best");
        top.globalAlpha = 0.22;
        top.fillRect(at - 9, y(brush.high), 18, y(brush.low) - y(brush.high));
        top.globalAlpha = 1;
        top.strokeStyle = colour("best");
        top.lineWidth = 1.5;
        top.strokeRect(at - 9, y(brush.high), 18, y(brush.low) - y(brush.high));
      }
    });
    if (marked >= 0 && data.levels[marked] >= 0) {
      top.lineWidth = 2.5;
      stroke(top, marked, ink);
    }
  }

  /** The part of an axis that its filter keeps, from 0 to 1. */
  function brushOf(axis) {
    const filter = filters.get(axis.place);
    if (!filter) return null;
    if (filter.choices) {
      if (!filter.choices.size) return null;
      const units = [...filter.choices].map(axis.unit), half = 0.5 / axis.column.choices.length;
      return { low: Math.min(...units) - half, high: Math.max(...units) + half };
    }
    const clamp = (unit) => Math.min(1, Math.max(0, unit));
    const { low, high } = filter.range;
    return { low: low === undefined ? 0 : clamp(axis.unit(low)), high: high === undefined ? 1 : clamp(axis.unit(high)) };
  }

  function brush(axis, one, other, settled) {
    const low = Math.max(0, Math.min(one, other)), high = Math.min(1, Math.max(one, other));
    if (axis.column.choices) {
      const choices = new Set();
      axis.column.choices.forEach((_, index) => { if (axis.unit(index) >= low && axis.unit(index) <= high) choices.add(index); });
      const text = [...choices].map((index) => axis.column.choices[index]).join(" | ");
      setFilter(axis.place, { text, choices }, settled);
      return;
    }
    // The bounds are the short numbers that the filter shows.
    const range = { low: Number(axis.value(low).toPrecision(4)), high: Number(axis.value(high).toPrecision(4)) };
    setFilter(axis.place, { text: `${range.low}..${range.high}`, range }, settled);
  }

  const unitAt = (event) => (size.bottom - (event.clientY - top.canvas.getBoundingClientRect().top)) / (size.bottom - size.top);
  function axisAt(event) {
    const across = event.clientX - top.canvas.getBoundingClientRect().left;
    const index = axes.findIndex((_, place) => Math.abs(x(place) - across) <= 16);
    return index < 0 ? null : axes[index];
  }

  let frame = 0;
  top.canvas.addEventListener("pointerdown", (event) => {
    const axis = axisAt(event);
    if (!axis) return;
    event.preventDefault();
    top.canvas.setPointerCapture(event.pointerId);
    drag = { axis, from: unitAt(event), to: unitAt(event), moved: false };
  });
  top.canvas.addEventListener("pointermove", (event) => {
    if (!drag) return;
    drag.to = unitAt(event);
    drag.moved = drag.moved || Math.abs(drag.to - drag.from) > 0.015;
    if (!drag.moved || frame) return;
    frame = requestAnimationFrame(() => {
      frame = 0;
      if (drag) brush(drag.axis, drag.from, drag.to, false);
    });
  });
  top.canvas.addEventListener("pointerup", () => {
    if (drag?.moved) brush(drag.axis, drag.from, drag.to, true);
    drag = null;
  });
  top.canvas.addEventListener("pointercancel", () => { drag = null; });
  top.canvas.addEventListener("dblclick", (event) => {
    const axis = axisAt(event);
    if (axis) setFilter(axis.place, undefined);
  });

  onFilter.push(redraw);
  onMark.push((row) => { marked = row; drawTop(); });
  onTheme.push(() => redraw(true));
  new ResizeObserver(resize).observe(holder);
}
