// Numbers, times and parameter values as text.

/** A number in four significant digits, like the report writes it. */
export function numberText(value, digits = 4) {
  if (value === null || value === undefined) return "";
  if (typeof value !== "number") return String(value);
  if (value === 0) return "0";
  const size = Math.floor(Math.log10(Math.abs(value)));
  if (size < -4 || size >= 7) return value.toExponential(digits - 1).replace(/\.?0+e/, "e").replace("e+", "e");
  const written = value.toFixed(Math.max(0, Math.min(20, digits - 1 - size)));
  return written.includes(".") ? written.replace(/\.?0+$/, "") : written;
}

/** Seconds as 1:02:03, or 02:03 under an hour; under ten seconds with a decimal when `exact`. */
export function clock(seconds, exact = false) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  if (exact && seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.max(0, Math.round(seconds));
  const two = (part) => String(part).padStart(2, "0");
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${two(minutes)}:${two(rest)}`;
}

/** A moment, given in seconds since 1970, in the viewer's own time. */
export function timeOfDay(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString();
}

/** `lr=0.001 num_layers=8`. */
export function paramsText(names, values) {
  return names
    .map((name, index) => [name, values[index]])
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${numberText(value, 6)}`)
    .join(" ");
}

export function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
