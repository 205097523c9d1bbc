// The card of an opened trial: its values, its learning curve, and the command that replays it.

const onPin = [];
let pinned = -1;
let opener = null;

/** Open a trial's card; the focus goes back to where it came from. */
function pin(row, from) {
  pinned = row;
  opener = from;
  drawCard();
  for (const listener of onPin) listener();
}

function unpin() {
  if (pinned < 0) return;
  const row = pinned;
  pinned = -1;
  document.getElementById("card").hidden = true;
  for (const listener of onPin) listener();
  const again = opener?.isConnected ? opener : document.querySelector(`#grid tr[data-row="${row}"] .open`);
  again?.focus();
}

function drawCard() {
  const card = document.getElementById("card");
  const number = numbers[pinned];
  const close = make("button", { type: "button" }, "Close");
  close.addEventListener("click", unpin);
  const title = make("h3", { id: "card-h" }, `Trial ${number}`);
  const parts = [make("header", {}, title, cellText(columns[1], pinned), close)];
  const message = data.messages[number];
  if (message) parts.push(make("p", {}, message.length > 400 ? `${message.slice(0, 400)}…` : message));
  parts.push(section("Objectives and parameters"), facts(pinned, 60));
  const others = columns.filter((column) => column.role === "metric" && cellText(column, pinned) !== "");
  if (others.length) parts.push(section("Other metrics"), listOf(others));
  const curve = curvePicture(pinned);
  if (curve) parts.push(section(`${data.curves.metric} by step`), curve);
  const command = make("pre", { tabindex: "0" }, make("code", {}, data.commands[pinned]));
  const run = listOf(columns.filter((column) => column.name === "seed" && column.role === "run"));
  run.append(make("dt", {}, "git commit"), make("dd", {}, data.commit || "none"));
  run.append(make("dt", {}, "configuration"), make("dd", {}, data.identity));
  parts.push(section("Reproduction"), command, run);
  card.replaceChildren(...parts);
  card.hidden = false;
  close.focus({ preventScroll: true });
}

const section = (text) => make("h4", {}, text);

function listOf(shown) {
  const list = make("dl");
  for (const column of shown) list.append(make("dt", {}, heading(column)), make("dd", {}, cellText(column, pinned)));
  return list;
}

function curvePicture(row) {
  const values = data.curves?.values[row];
  if (!values || values.length < 2) return null;
  const steps = data.curves.own_steps[row] || data.curves.steps;
  const low = Math.min(...values), high = Math.max(...values);
  const last = steps[values.length - 1] - steps[0] || 1;
  const x = (at) => 44 + ((steps[at] - steps[0]) / last) * 290;
  const y = (value) => 14 + (1 - (value / 2 - low / 2) / (high / 2 - low / 2 || 1)) * 84;
  const path = values.map((value, at) => `${at ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  const label = (text, left, top, anchor) => makeSvg("text", { x: left, y: top, class: `small ${anchor} f-muted` }, text);
  const name = `${data.curves.metric} from ${shortNumber(values[0])} to ${shortNumber(values[values.length - 1])}`;
  const short = (value) => shortNumber(Number(value.toPrecision(3)));
  return makeSvg(
    "svg",
    { viewBox: "0 0 350 126", role: "img", "aria-label": name, class: "chart" },
    makeSvg("path", { d: "M44 98H334", class: "stroked axis s-edge" }),
    makeSvg("path", { d: path, class: "stroked line s-complete" }),
    label(short(high), 40, 18, "end"),
    ...(high > low ? [label(short(low), 40, 98, "end")] : []),
    label(String(steps[0]), 44, 114, "start"),
    label(`step ${steps[values.length - 1]}`, 334, 114, "end"),
  );
}
