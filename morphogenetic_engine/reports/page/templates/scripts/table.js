// The trial table: only the rows in sight are in the document, however many there are.

const ROW_HEIGHT = 30;
const SPARE_ROWS = 12;

function buildTable() {
  const grid = document.getElementById("grid");
  const count = document.getElementById("count");
  const clear = document.getElementById("clear");
  const table = make("table", { "aria-rowcount": numbers.length + 1 });
  const sizes = make("colgroup");
  const head = make("thead");
  const body = make("tbody");
  const headings = make("tr", { "aria-rowindex": 1 });
  let rows = [];
  let sort = { place: objectiveColumn, descending: columns[objectiveColumn]?.better === "maximize" };
  let first = -1;

  table.append(make("caption", { hidden: "" }, "All trials"), sizes, head, body);
  head.append(headings);
  const inputs = columns.map((column, place) => headCell(column, place));
  widths().forEach((width) => {
    const size = make("col");
    size.style.width = `${width}px`;
    sizes.append(size);
  });
  table.style.width = `${widths().reduce((sum, width) => sum + width, 0)}px`;
  grid.replaceChildren(table);

  function headCell(column, place) {
    const button = make("button", { type: "button", title: heading(column) }, heading(column));
    const label = `Filter ${column.name}`;
    const input = make("input", { type: "text", "aria-label": label, "aria-describedby": "filter-help", placeholder: column.choices ? "text" : "a..b" });
    input.autocomplete = "off";
    input.spellcheck = false;
    button.addEventListener("click", () => {
      const flips = sort.place === place;
      sort = { place, descending: flips ? !sort.descending : column.better === "maximize" };
      order();
    });
    input.addEventListener("input", () => {
      const filter = input.value.trim() ? parseFilter(column, input.value) : undefined;
      input.setAttribute("aria-invalid", filter === null);
      setFilter(place, filter || undefined);
    });
    headings.append(make("th", column.choices ? { scope: "col", class: "text" } : { scope: "col" }, button, input));
    return input;
  }

  function widths() {
    return columns.map((column) => {
      let longest = heading(column).length + 2;
      for (let row = 0; row < Math.min(numbers.length, 200); row += 1) longest = Math.max(longest, cellText(column, row).length);
      return Math.min(Math.max(longest, 7), 26) * 7.6 + 18;
    });
  }

  function order() {
    const { values, choices } = columns[sort.place] || columns[0];
    const rank = choices && [...choices.keys()].sort((a, b) => (choices[a] < choices[b] ? -1 : 1)).reduce((places, choice, index) => { places[choice] = index; return places; }, []);
    const key = (row) => (rank ? rank[values[row]] : values[row]);
    const complete = columns[1].choices.indexOf("complete");
    const isObjective = columns[sort.place]?.role === "objective";
    const lacks = (row) => values[row] === null || values[row] === undefined || (isObjective && columns[1].values[row] !== complete);
    rows = [...numbers.keys()].filter((row) => mask[row]);
    // Trials without a value are last in both orders; equal values are ordered by trial number.
    rows.sort((a, b) => {
      if (lacks(a) !== lacks(b)) return lacks(a) ? 1 : -1;
      const x = key(a), y = key(b);
      if (x === y || lacks(a)) return a - b;
      return (x < y ? -1 : 1) * (sort.descending ? -1 : 1);
    });
    [...headings.children].forEach((cell, place) => {
      if (place === sort.place) cell.setAttribute("aria-sort", sort.descending ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    });
    first = -1;
    draw();
  }

  function draw() {
    const space = Math.max(grid.clientHeight, 300);
    const start = Math.max(0, Math.floor(grid.scrollTop / ROW_HEIGHT) - SPARE_ROWS);
    if (start === first) return;
    first = start;
    const end = Math.min(rows.length, start + Math.ceil(space / ROW_HEIGHT) + 2 * SPARE_ROWS);
    const shown = rows.slice(start, end).map((row, index) => drawRow(row, start + index));
    const focused = body.contains(document.activeElement) && document.activeElement.closest("tr").dataset.row;
    body.replaceChildren(pad(start), ...shown, pad(rows.length - end));
    if (focused) opener(focused)?.focus({ preventScroll: true }); // otherwise Tab would start at the top of the page
    table.setAttribute("aria-rowcount", rows.length + 1);
  }

  function opener(row) {
    return body.querySelector(`tr[data-row="${row}"] .open`);
  }

  function pad(missing) {
    const cell = make("td", { colspan: columns.length });
    cell.style.height = `${missing * ROW_HEIGHT}px`;
    const row = make("tr", { class: "pad", "aria-hidden": "true" }, cell);
    row.hidden = missing === 0;
    return row;
  }

  function drawRow(row, index) {
    const open = make("button", { type: "button", class: "open" }, String(numbers[row]));
    open.addEventListener("click", () => pin(row, open));
    const line = make("tr", { "aria-rowindex": index + 2, "data-row": row }, make("th", { scope: "row" }, open));
    if (row === pinned) line.classList.add("pinned");
    columns.slice(1).forEach((column) => {
      const text = cellText(column, row);
      const cell = make("td", column.choices ? { class: "text" } : {}, text);
      if (text.length > 24) cell.title = text;
      line.append(cell);
    });
    line.addEventListener("pointerenter", () => mark(row, grid));
    line.addEventListener("pointerleave", () => mark(-1, grid));
    return line;
  }

  grid.addEventListener("scroll", () => requestAnimationFrame(draw), { passive: true });
  clear.addEventListener("click", () => {
    for (const input of inputs) input.setAttribute("aria-invalid", false);
    clearFilters();
  });
  onFilter.push(() => {
    const unread = inputs.filter((input) => input.getAttribute("aria-invalid") === "true");
    const shown = filters.size
      ? `${kept.toLocaleString("en")} of ${numbers.length.toLocaleString("en")} trials`
      : `${numbers.length.toLocaleString("en")} trials`;
    const names = unread.map((input) => columns[inputs.indexOf(input)].name).join(", ");
    count.textContent = names ? `${shown}; the filter of ${names} is invalid` : shown;
    clear.disabled = filters.size === 0 && !names;
    inputs.forEach((input, place) => {
      const text = filters.get(place)?.text ?? "";
      if (document.activeElement !== input && input.getAttribute("aria-invalid") !== "true") input.value = text;
    });
    grid.scrollTop = 0;
    order();
  });
  onMark.push((row, source) => {
    for (const line of body.querySelectorAll("tr.marked")) line.classList.remove("marked");
    if (source !== grid) body.querySelector(`tr[data-row="${row}"]`)?.classList.add("marked");
  });
  onPin.push(() => {
    for (const line of body.querySelectorAll("tr.pinned")) line.classList.remove("pinned");
    body.querySelector(`tr[data-row="${pinned}"]`)?.classList.add("pinned");
  });
}
