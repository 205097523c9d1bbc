// Filters the trials: one filter a column, typed below its heading or drawn on an axis; all of them must hold.

const filters = new Map(); // by the column's place: {text, range} or {text, choices} or {text, part}
const mask = new Uint8Array(numbers.length).fill(1);
const onFilter = [];
let kept = numbers.length;

const NUMBER = "[-+]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][-+]?\\d+)?";
const COMPARED = new RegExp(`^(<=|>=|<|>|=)?\\s*(${NUMBER})$`);
const BETWEEN = new RegExp(`^(${NUMBER})?\\s*\\.\\.\\s*(${NUMBER})?$`);

/** Parses a typed filter; null where it is invalid. */
function parseFilter(column, written) {
  const text = written.trim();
  if (column.choices) {
    const parts = text.toLowerCase().split("|").map((part) => part.trim()).filter(Boolean);
    const choices = new Set();
    column.choices.forEach((choice, index) => {
      if (parts.some((part) => choice.toLowerCase().includes(part))) choices.add(index);
    });
    return { text: written, choices };
  }
  const compared = COMPARED.exec(text);
  if (compared) {
    const value = Number(compared[2]);
    const low = { ">": value, ">=": value, "=": value }[compared[1] || "="];
    const high = { "<": value, "<=": value, "=": value }[compared[1] || "="];
    return { text: written, range: { low, high, openLow: compared[1] === ">", openHigh: compared[1] === "<" } };
  }
  const between = BETWEEN.exec(text);
  if (!between || (between[1] === undefined && between[2] === undefined)) return null;
  const bound = (part) => (part === undefined ? undefined : Number(part));
  return { text: written, range: { low: bound(between[1]), high: bound(between[2]) } };
}

function passes(column, filter, row) {
  const value = column.values[row];
  if (value === null || value === undefined) return false;
  if (filter.choices) return filter.choices.has(value);
  const { low, high, openLow, openHigh } = filter.range;
  // A number typed as it is displayed selects the displayed value, in spite of rounding.
  if (low !== undefined && low === high) return value === low || Number(shortNumber(value)) === low;
  if (low !== undefined && !(openLow ? value > low : value >= low)) return false;
  return high === undefined || (openHigh ? value < high : value <= high);
}

/** Set or clear the filter of a column, and tell everything that looks at the trials. */
function setFilter(place, filter, settled = true) {
  if (filter) filters.set(place, filter);
  else filters.delete(place);
  applyFilters(settled);
}

function clearFilters() {
  filters.clear();
  applyFilters(true);
}

function applyFilters(settled) {
  mask.fill(1);
  for (const [place, filter] of filters) {
    const column = columns[place];
    for (let row = 0; row < mask.length; row += 1) {
      if (mask[row] && !passes(column, filter, row)) mask[row] = 0;
    }
  }
  kept = mask.reduce((sum, each) => sum + each, 0);
  for (const listener of onFilter) listener(settled);
}
