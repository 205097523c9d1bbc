// One trial in a dialog: what the journal says of it, asked for when it is opened.

import { byId, element, setOptions } from "./dom.js";
import { clock, numberText, timeOfDay } from "./format.js";
import { Plot } from "./plot.js";

export class Details {
  constructor() {
    this.dialog = byId("details");
    this.body = byId("details-body");
  }

  async open(number) {
    byId("details-title").textContent = `Trial ${number}`;
    this.body.replaceChildren(element("p", { class: "note" }, "reading the journal…"));
    if (!this.dialog.open) this.dialog.showModal();
    let trial;
    try {
      const response = await fetch(`trials/${number}`);
      trial = await response.json();
      if (!response.ok) throw new Error(trial.message);
    } catch (error) {
      this.body.replaceChildren(element("p", { class: "notice" }, `Trial ${number} cannot be shown: ${error.message}`));
      return;
    }
    this.body.replaceChildren(facts(outcome(trial)), ...this.message(trial), ...group("Parameters", trial.params), ...group("Metrics", trial.metrics), ...runs("Replicates", trial.replicates), ...runs("Confirmed with fresh seeds", trial.confirmations));
    this.curve(trial);
  }

  message(trial) {
    return trial.message ? [element("pre", {}, element("code", {}, trial.message))] : [];
  }

  curve(trial) {
    const names = [...new Set(trial.curve.flatMap(([, metrics]) => Object.keys(metrics)))];
    if (!names.length) return;
    const select = element("select");
    setOptions(select, names);
    const canvas = element("canvas", { role: "img" });
    const place = element("div", { class: "canvas" }, canvas, element("div", { class: "tip", hidden: "" }));
    this.body.append(element("h3", {}, "Learning curve"), element("div", { class: "tools" }, element("label", {}, "Metric ", select)), place);
    const plot = new Plot(canvas, { height: 220, x: trial.replicates.length ? "replicate" : "step", y: names[0] });
    const draw = () => {
      const metric = select.value;
      const points = trial.curve.filter(([, metrics]) => metric in metrics).map(([step, metrics]) => [step, metrics[metric]]);
      const last = points[points.length - 1][1];
      canvas.setAttribute("aria-label", `${metric} of trial ${trial.number}, ${points.length} points, the last ${numberText(last)}`);
      plot.names.y = metric;
      plot.show([{ points, role: "complete", tip: (x, y) => `step ${x}: ${numberText(y, 6)}` }]);
    };
    select.addEventListener("change", draw);
    draw();
  }
}

function outcome(trial) {
  return {
    state: trial.reason ? `${trial.state}: ${trial.reason}` : trial.state,
    started: timeOfDay(trial.started),
    duration: trial.state === "running" ? "" : clock(trial.duration, true),
    attempts: String(trial.attempt + 1),
    seed: trial.seed,
  };
}

function facts(members) {
  const list = element("dl", { class: "facts" });
  for (const [name, value] of Object.entries(members)) {
    if (value !== "") list.append(element("dt", {}, name), element("dd", {}, typeof value === "number" ? numberText(value, 8) : String(value)));
  }
  return list;
}

function group(title, members) {
  return Object.keys(members).length ? [element("h3", {}, title), facts(members)] : [];
}

function runs(title, entries) {
  if (!entries.length) return [];
  const described = entries.map((each) => [
    `seed ${each.seed}`,
    [each.state, ...Object.entries(each.metrics).map(([name, value]) => `${name}=${numberText(value, 6)}`)].filter(Boolean).join(" "),
  ]);
  return [element("h3", {}, title), facts(Object.fromEntries(described))];
}
