// The page: what the store knows, drawn at most five times a second.

import { Connection } from "./connection.js";
import { Details } from "./details.js";
import { byId, element, setOptions, setText } from "./dom.js";
import { clock, numberText, paramsText, plural, timeOfDay } from "./format.js";
import { Plot } from "./plot.js";
import { StopButton } from "./stop.js";
import { Store } from "./store.js";
import { TrialsTable } from "./trials_table.js";
import { showWorkers } from "./workers.js";

const DRAW_MILLISECONDS = 200;
const SERIES = 6;
const MOST_CURVES = 24;

const store = new Store();
const details = new Details();
const trials = new TrialsTable(byId("trials"), store, (number) => details.open(number));
const curves = new Plot(byId("curves"), { height: 280, x: "step", y: "" });
const history = new Plot(byId("history"), { height: 240, x: "trial", y: "" });
const stop = new StopButton(store);
let shownSweep = null;
let drawing = false;
let spokenState = "";

new Connection(store, requestDrawing, showConnection);
setInterval(requestDrawing, 1000);
byId("filter-state").addEventListener("change", (event) => filter({ state: event.target.value }));
byId("filter-text").addEventListener("input", (event) => filter({ text: event.target.value.trim() }));
byId("curve-metric").addEventListener("change", requestDrawing);
byId("history-metric").addEventListener("change", requestDrawing);
document.addEventListener("click", (event) => {
  const opener = event.target.closest("#running [data-trial], #failures [data-trial]");
  if (opener) details.open(Number(opener.dataset.trial));
});

function filter(by) {
  if (!store.sweep) return;
  trials.setFilter(by);
  showCount();
}

function requestDrawing() {
  if (drawing || !store.sweep) return;
  drawing = true;
  setTimeout(() => {
    drawing = false;
    draw();
  }, DRAW_MILLISECONDS);
}

function draw() {
  if (shownSweep !== store.sweep) {
    shownSweep = store.sweep;
    begin();
  }
  showState();
  showNumbers();
  showRunning();
  showWorkers(store);
  showHistory();
  showFailures();
  trials.update();
  showCount();
  stop.show();
}

function begin() {
  document.body.classList.remove("waiting");
  const { sweep_id: id, sweep_type: type, workload, created, objectives } = store.sweep;
  setText(byId("sweep-id"), id);
  setText(byId("sweep-meta"), `${type.replaceAll("_", " ")} sweep of ${workload}, created ${new Date(created).toLocaleString()}`);
  const metrics = objectives.map(({ metric }) => metric);
  setText(byId("best-label"), `Best ${metrics[0]}, ${objectives[0].direction}d`);
  setOptions(byId("history-metric"), metrics);
  byId("history-tools").hidden = metrics.length < 2;
  trials.begin();
}

function showState() {
  const { state, onKatib, problem, over } = store.status;
  const badge = byId("state");
  setText(badge, state.replaceAll("_", " "));
  badge.className = `badge state-${state.replaceAll(" ", "-")}`;
  const { sweep_id: id } = store.sweep;
  const texts = onKatib ? { "on Katib": "As it was when it was last collected." } : {
    killed: `Nobody runs this sweep, and it did not end on its own. Go on with: morphogenetic sweep resume --sweep-id ${id}`,
    interrupted: `The sweep was interrupted. Go on with: morphogenetic sweep resume --sweep-id ${id}`,
    time_is_up: `The time is up. Go on with: morphogenetic sweep resume --sweep-id ${id}`,
    stopping: "The sweep is stopping: what is running is being recorded as interrupted.",
  };
  const text = problem ? `The journal cannot be followed any further: ${problem}` : texts[state] ?? "";
  byId("notice").hidden = !text;
  setText(byId("notice"), text);
  if (over) setText(byId("connection"), "the sweep has ended");
  if (spokenState !== state) {
    spokenState = state;
    setText(byId("spoken"), `The sweep is ${state.replaceAll("_", " ")}`);
  }
}

function showNumbers() {
  const { counts, total, best, retries, reasons, workers, busy, session_started: started, seconds } = store.summary;
  const ended = counts.complete + counts.pruned + counts.failed;
  document.title = `${ended}/${total} · ${store.sweep.sweep_id}`;
  const bar = byId("progress");
  bar.max = Math.max(1, total);
  bar.value = ended;
  setText(byId("ended"), `${ended} of ${total}`);
  const shown = store.isLive ? counts : { ...counts, running: 0, interrupted: counts.interrupted + counts.running };
  const items = Object.entries(shown).filter(([, count]) => count > 0);
  byId("counts").replaceChildren(
    ...items.map(([state, count]) => element("li", { class: `state-${state}` }, `${count} ${state}`)),
  );
  const row = store.rows.get(best);
  const ruledOut = store.summary.ruled_out ? `outcome constraints rule out ${plural(store.summary.ruled_out, "trial")}` : "";
  setText(byId("best"), row ? numberText(store.objectivesOf(row)[0], 6) : "none yet");
  setText(byId("best-trial"), row ? `trial ${best}` : ruledOut);
  byId("best").title = row ? paramsText(store.sweep.parameters, store.paramsOf(row)) : "";
  const elapsed = store.isLive && started ? store.now() - started : seconds;
  const endedNow = ended - store.summary.ended_before;
  setText(byId("elapsed"), started ? clock(elapsed) : "–");
  setText(byId("left"), store.isLive && endedNow > 0 ? clock((elapsed / endedNow) * (total - ended)) : "–");
  setText(byId("pace"), store.isLive && endedNow > 0 ? numberText((endedNow / elapsed) * 3600, 3) : "–");
  setText(byId("workers"), store.isLive ? `${busy} of ${workers}` : "–");
  const atOnce = store.isLive && counts.running > busy ? `${counts.running} trials at once` : "";
  const saved = store.summary.fusing_saved >= 1 ? `fusing saved about ${clock(store.summary.fusing_saved)}` : "";
  setText(byId("together"), [atOnce, saved].filter(Boolean).join(", "));
  setText(byId("failed"), String(counts.failed));
  setText(byId("retries"), retries ? `${retries} retried` : "");
  byId("failed").title = Object.entries(reasons).map(([reason, count]) => `${count} ${reason}`).join(", ");
}

function showRunning() {
  const running = store.running();
  byId("nothing-runs").hidden = running.length > 0;
  byId("running").hidden = running.length === 0;
  byId("curves").parentElement.hidden = running.length === 0;
  const shown = running.slice(0, MOST_CURVES);
  const metrics = [...new Set(shown.flatMap((row) => Object.keys(store.curves.get(row[0])?.at(-1)?.metrics ?? {})))];
  const target = store.sweep.objectives[0].metric;
  setOptions(byId("curve-metric"), metrics.includes(target) ? [target, ...metrics.filter((name) => name !== target)] : metrics);
  byId("curve-metric").closest(".tools").hidden = metrics.length === 0;
  drawCurves(shown, byId("curve-metric").value);
  setText(byId("curve-note"), running.length > shown.length ? `the first ${MOST_CURVES} of ${running.length} trials are drawn` : "");
  fillRunning(running);
}

function drawCurves(rows, metric) {
  const series = rows.map((row) => ({
    role: `series-${row[3] % SERIES}`,
    label: String(row[0]),
    points: (store.curves.get(row[0]) ?? [])
      .filter((point) => point.metrics[metric] !== undefined)
      .map((point) => [point.step, point.metrics[metric]]),
    tip: (x, y) => `trial ${row[0]}, step ${x}: ${metric} ${numberText(y, 6)}`,
  }));
  curves.names.y = metric;
  const drawn = series.filter((each) => each.points.length);
  byId("curves").hidden = drawn.length === 0;
  byId("curves").setAttribute("aria-label", `${metric} by step of ${plural(drawn.length, "running trial")}; the table below has the latest values`);
  curves.show(drawn);
}

function fillRunning(running) {
  const table = byId("running");
  const objectives = store.sweep.objectives.map(({ metric }) => metric);
  if (!table.tHead.rows.length || table.dataset.sweep !== store.journal) {
    table.dataset.sweep = store.journal;
    const heads = ["worker", "trial", "time", "step", ...objectives];
    table.tHead.replaceChildren(
      element("tr", {}, ...heads.map((name) => element("th", { scope: "col" }, name)), element("th", { scope: "col", class: "text" }, "parameters")),
    );
  }
  const body = table.tBodies[0];
  while (body.rows.length > running.length) body.lastElementChild.remove();
  while (body.rows.length < running.length) {
    const open = element("button", { type: "button", class: "open" });
    const key = element("span", { class: "key", "aria-hidden": "true" });
    body.append(
      element("tr", {}, element("td", {}, key, element("span")), element("th", { scope: "row" }, open), ...[0, 1, ...objectives].map(() => element("td")), element("td", { class: "text long" })),
    );
  }
  running.forEach((row, index) => fillRunningRow(body.rows[index], row));
}

function fillRunningRow(target, row) {
  const [worker, trial, time, step, ...rest] = target.cells;
  worker.firstElementChild.className = `key key-${row[3] % SERIES}`;
  setText(worker.lastElementChild, String(row[3]));
  setText(trial.firstElementChild, String(row[0]));
  trial.firstElementChild.dataset.trial = row[0];
  setText(time, clock(store.now() - row[4]));
  setText(step, row[7] === null ? numberText(row[6]) : `${row[7]}/${store.sweep.replicates}: ${row[6]}`);
  store.objectivesOf(row).forEach((value, index) => setText(rest[index], numberText(value)));
  setText(rest[rest.length - 1], paramsText(store.sweep.parameters, store.paramsOf(row)));
}

function showHistory() {
  const metric = byId("history-metric").value;
  const at = store.sweep.objectives.findIndex((objective) => objective.metric === metric);
  const maximize = store.sweep.objectives[at].direction === "maximize";
  const rows = [...store.rows.values()].filter((row) => (row[1] === "complete" || row[1] === "pruned") && store.objectivesOf(row)[at] !== null);
  rows.sort((one, other) => one[0] - other[0]);
  const line = [];
  const dots = rows.map((row) => {
    const value = store.objectivesOf(row)[at];
    const previous = line.length ? line[line.length - 1][1] : null;
    if (row[1] === "complete" && !row[store.column.ruled_out] && (previous === null || (maximize ? value > previous : value < previous))) {
      if (previous !== null) line.push([row[0], previous]);
      line.push([row[0], value]);
    }
    return { x: row[0], y: value, role: row[store.column.ruled_out] ? "pruned" : row[1], label: `trial ${row[0]}, ${row[store.column.ruled_out] ? "ruled out by outcome constraints" : row[1]}: ${metric} ${numberText(value, 6)}` };
  });
  if (line.length) line.push([rows[rows.length - 1][0], line[line.length - 1][1]]);
  history.names.y = metric;
  byId("history").parentElement.hidden = dots.length === 0;
  history.show([{ points: line, role: "best", width: 2 }], dots);
  const best = line.length ? `; best so far ${numberText(line[line.length - 1][1], 6)}` : "";
  byId("history").setAttribute("aria-label", `${metric} of ${plural(dots.length, "trial")} in the order of their numbers${best}`);
  setText(byId("history-note"), dots.length ? "The line is the best so far; blue trials are complete, violet ones were pruned." : "No trial has ended with a value yet.");
}

function showFailures() {
  const { failures, summary } = store;
  const section = byId("failures-section");
  section.hidden = failures.length === 0;
  const newest = failures.length ? failures[0].offset : 0;
  const name = `${store.journal} ${newest}`;
  if (section.hidden || section.dataset.shown === name) return;
  section.dataset.shown = name;
  const reasons = Object.entries(summary.reasons).map(([reason, count]) => `${count} ${reason.replaceAll("_", " ")}`);
  setText(byId("failures-note"), `${reasons.length ? `${reasons.join(", ")}. ` : ""}The latest ${failures.length} are shown.`);
  byId("failures").tBodies[0].replaceChildren(...failures.map(failureRow));
}

function failureRow({ trial, time, attempt, reason, message, again }) {
  const open = element("button", { type: "button", class: "open", "data-trial": trial }, String(trial));
  return element(
    "tr",
    {},
    element("th", { scope: "row" }, open),
    element("td", { class: "text" }, timeOfDay(time)),
    element("td", {}, String(attempt + 1)),
    element("td", { class: "text" }, reason.replaceAll("_", " ")),
    element("td", { class: "text long" }, message),
    element("td", { class: "text" }, again ? "retried" : "failed"),
  );
}

function showCount() {
  const [shown, all] = [trials.numbers.length, store.rows.size];
  setText(byId("trials-count"), shown === all ? plural(all, "trial") : `${shown} of ${plural(all, "trial")}`);
}

function showConnection(state, seconds) {
  if (state === "open") {
    setText(byId("connection"), "live");
    document.body.classList.remove("lost");
    return;
  }
  document.body.classList.add("lost");
  const since = store.sweep ? `; what you see is from ${timeOfDay(store.now())}` : "";
  setText(byId("connection"), store.status.over ? "the sweep has ended, the monitor has left" : `no connection, next try in ${Math.ceil(seconds)} s${since}`);
}
