// All trials: sorted and filtered here, and only the rows in sight are in the document.

import { element, setText } from "./dom.js";
import { clock, numberText, paramsText } from "./format.js";

const ROW_HEIGHT = 30; // as in monitor.css
const SPARE_ROWS = 8;
const HEADERS = ["trial", "state"];

export class TrialsTable {
  constructor(place, store, onOpen) {
    this.place = place;
    this.store = store;
    this.onOpen = onOpen;
    this.sort = { column: 0, descending: true };
    this.filter = { state: "", text: "" };
    this.numbers = [];
    this.order = new Set();
    place.addEventListener("scroll", () => this.drawRows(), { passive: true });
    place.addEventListener("click", (event) => {
      const open = event.target.closest("[data-trial]");
      if (open) onOpen(Number(open.dataset.trial), open);
    });
    new ResizeObserver(() => this.drawRows()).observe(place);
  }

  /** Make the header for a sweep's columns. */
  begin() {
    const { objectives, parameters } = this.store.sweep;
    this.columns = [
      { name: "trial", value: (row) => row[0], width: 5 },
      { name: "state", value: (row) => this.store.stateOf(row), text: true, width: 7 },
      ...objectives.map(({ metric }, index) => ({
        name: metric,
        value: (row) => this.store.objectivesOf(row)[index],
        width: 8,
      })),
      { name: "time", value: (row) => row[5], shown: (row) => this.time(row), width: 6 },
      { name: "step", value: (row) => row[6], width: 5 },
      { name: "attempts", value: (row) => row[2] + 1, width: 5 },
      ...parameters.map((name, index) => ({ name, value: (row) => this.store.paramsOf(row)[index], width: 8, digits: 6 })),
      { name: "reason", value: (row) => row[8], text: true, width: 9 },
    ];
    this.head = element("tr", { "aria-rowindex": "1" });
    this.columns.forEach((column, index) => {
      const button = element("button", { type: "button", title: column.name }, column.name);
      button.addEventListener("click", () => this.sortBy(index));
      this.head.append(element("th", { scope: "col", class: column.text ? "text" : null }, button));
    });
    this.body = element("tbody");
    const group = element("colgroup");
    for (const { width } of this.columns) {
      const made = element("col");
      made.style.width = `${width}rem`;
      group.append(made);
    }
    this.table = element("table", {}, element("caption", { class: "unseen" }, "All trials"), group, element("thead", {}, this.head), this.body);
    this.place.replaceChildren(this.table);
    this.slots = [];
    this.above = element("tr", { class: "pad", "aria-hidden": "true" });
    this.below = element("tr", { class: "pad", "aria-hidden": "true" });
    this.body.append(this.above, this.below);
    this.showSort();
  }

  sortBy(index) {
    const same = this.sort.column === index;
    this.sort = { column: index, descending: same ? !this.sort.descending : false };
    this.showSort();
    this.reorder();
    this.place.scrollTop = 0;
    this.drawRows();
  }

  showSort() {
    [...this.head.children].forEach((header, index) => {
      if (index === this.sort.column) header.setAttribute("aria-sort", this.sort.descending ? "descending" : "ascending");
      else header.removeAttribute("aria-sort");
    });
  }

  setFilter(filter) {
    this.filter = { ...this.filter, ...filter };
    this.reorder();
    this.drawRows();
  }

  /** Draws what has changed. The order does not change while the pointer is over the table, so that no click hits another row. */
  update() {
    if (this.isPointedAt()) {
      for (const number of this.store.changed) {
        if (!this.order.has(number) && this.matches(this.store.rows.get(number))) {
          this.numbers.push(number);
          this.order.add(number);
        }
      }
    } else {
      this.reorder();
    }
    this.drawRows();
  }

  isPointedAt() {
    return this.body.matches(":hover") || this.body.contains(document.activeElement);
  }

  reorder() {
    const { value } = this.columns[this.sort.column];
    const sign = this.sort.descending ? -1 : 1;
    const keyed = [];
    for (const row of this.store.rows.values()) if (this.matches(row)) keyed.push([value(row), row[0]]);
    keyed.sort(([one, first], [other, second]) => compared(one, other, sign) || first - second);
    this.numbers = keyed.map(([, number]) => number);
    this.order = new Set(this.numbers);
  }

  matches(row) {
    const { state, text } = this.filter;
    if (state && this.store.stateOf(row) !== state) return false;
    if (!text) return true;
    const params = paramsText(this.store.sweep.parameters, this.store.paramsOf(row));
    return `${row[0]} ${params} ${row[8] ?? ""}`.toLowerCase().includes(text.toLowerCase());
  }

  drawRows() {
    if (!this.body) return;
    const room = Math.ceil(this.place.clientHeight / ROW_HEIGHT) + 2 * SPARE_ROWS;
    const wanted = Math.floor(this.place.scrollTop / ROW_HEIGHT) - SPARE_ROWS;
    const first = Math.max(0, Math.min(wanted, this.numbers.length - room)); // a filter may leave fewer than were scrolled by
    const last = Math.min(this.numbers.length, first + room);
    this.table.setAttribute("aria-rowcount", String(this.numbers.length + 1));
    this.above.style.height = `${first * ROW_HEIGHT}px`;
    this.below.style.height = `${(this.numbers.length - last) * ROW_HEIGHT}px`;
    while (this.slots.length > last - first) this.slots.pop().row.remove();
    while (this.slots.length < last - first) this.slots.push(this.newSlot());
    const focused = this.slots.find(({ open }) => open === document.activeElement)?.open.dataset.trial;
    this.slots.forEach((slot, index) => this.fill(slot, first + index));
    // The focus stays with its trial, or Tab would leave trials out.
    if (focused !== undefined) this.slots.find(({ open }) => open.dataset.trial === focused)?.open.focus({ preventScroll: true });
  }

  newSlot() {
    const open = element("button", { type: "button", class: "open" });
    const cells = this.columns.map((column, index) =>
      index === 0 ? element("th", { scope: "row" }, open) : element("td", { class: column.text ? "text" : null }),
    );
    const row = element("tr", {}, ...cells);
    this.below.before(row);
    return { row, open, cells };
  }

  fill({ row, open, cells }, position) {
    const trial = this.store.rows.get(this.numbers[position]);
    row.setAttribute("aria-rowindex", String(position + 2));
    row.className = trial[0] === this.store.summary.best ? "best" : "";
    setText(open, String(trial[0]));
    open.dataset.trial = trial[0];
    this.columns.forEach((column, index) => {
      if (index === 0) return;
      const value = column.shown ? column.shown(trial) : numberText(column.value(trial), column.digits ?? 5);
      setText(cells[index], value);
      if (column.text || typeof column.value(trial) === "string") cells[index].title = value;
    });
    cells[1].className = `text state-${this.store.stateOf(trial)}`;
  }

  time(row) {
    if (row[5] !== null) return clock(row[5], true);
    return this.store.isLive ? clock(this.store.now() - row[4]) : "";
  }
}

/** Order two values; what is not there comes last, whichever way is up. */
function compared(one, other, sign) {
  const [missing, alsoMissing] = [one === null || one === undefined, other === null || other === undefined];
  if (missing || alsoMissing) return missing - alsoMissing;
  if (typeof one === "number" && typeof other === "number") return sign * (one - other);
  return sign * String(one).localeCompare(String(other));
}
