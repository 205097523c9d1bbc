// The trials as embedded in the page: columns of values, categories as numbers.

document.documentElement.classList.add("js");

const data = JSON.parse(document.getElementById("data").textContent);
const columns = data.columns;
const numbers = columns[0].values;
const rowOf = new Map(numbers.map((number, row) => [number, row]));
const objectiveColumn = columns.findIndex((column) => column.role === "objective");

/** A number in six significant digits, as everywhere in the report. */
function shortNumber(value) {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
}

/** The text of a cell; empty where the trial has no such value. */
function cellText(column, row) {
  const value = column.values[row];
  if (value === null || value === undefined) return "";
  return column.choices ? column.choices[value] : shortNumber(value);
}

/** A heading with its unit. */
function heading(column) {
  return column.unit ? `${column.name} (${column.unit})` : column.name;
}

/** A new element. Texts become text nodes: nothing of a sweep is ever read as HTML. */
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** A new SVG element. */
function makeSvg(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** The facts of a trial that fit into a small space: objectives, then parameters. */
function facts(row, most) {
  const list = make("dl");
  const shown = columns.filter((column) => column.role === "objective" || column.role === "parameter");
  for (const column of shown.slice(0, most)) {
    const text = cellText(column, row);
    if (text !== "") list.append(make("dt", {}, column.name), make("dd", {}, text));
  }
  return list;
}
