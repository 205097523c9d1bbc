// The sweep as far as this page knows it: snapshots and changes in, trials out. No DOM here.

const MOST_POINTS = 2000;
const LIVE = new Set(["running", "stopping", "on Katib"]);

export class Store {
  constructor() {
    this.journal = "";
    this.offset = 0;
    this.forget();
  }

  forget() {
    this.sweep = null;
    this.status = { state: "new", onKatib: false, why_not_stop: "", problem: "", over: false };
    this.summary = null;
    this.places = null;
    this.rows = new Map();
    this.curves = new Map();
    this.failures = [];
    this.skew = 0;
    this.version = 0;
  }

  /** Take a message of the server; throws when it does not follow what is known. */
  apply(message) {
    if (message.sweep) {
      this.forget();
      this.sweep = message.sweep;
      this.column = Object.fromEntries(message.sweep.columns.map((name, index) => [name, index]));
      this.objectivesAt = message.sweep.columns.length - message.sweep.parameters.length - message.sweep.objectives.length;
    } else if (message.journal !== this.journal || message.since !== this.offset) {
      throw new Error("changes that do not follow what is known");
    }
    this.journal = message.journal;
    this.offset = message.offset;
    this.skew = message.now - Date.now() / 1000;
    this.summary = message.summary;
    this.places = message.places;
    this.status = {
      state: message.state,
      onKatib: message.on_katib,
      why_not_stop: message.why_not_stop,
      problem: message.problem,
      over: message.over,
    };
    this.changed = message.rows.map((row) => row[0]);
    for (const row of message.rows) this.takeRow(row);
    for (const [number, points] of Object.entries(message.curves)) this.takePoints(Number(number), points);
    this.failures = [...message.failures.reverse(), ...this.failures].slice(0, 100);
    this.version += 1;
  }

  /** The server's time now, in seconds. */
  now() {
    return Date.now() / 1000 + this.skew;
  }

  get isLive() {
    return LIVE.has(this.status.state);
  }

  /** A trial's state; what a killed process left running is nobody's. */
  stateOf(row) {
    return row[1] === "running" && !this.isLive ? "interrupted" : row[1];
  }

  objectivesOf(row) {
    return row.slice(this.objectivesAt, this.objectivesAt + this.sweep.objectives.length);
  }

  paramsOf(row) {
    return row.slice(row.length - this.sweep.parameters.length);
  }

  running() {
    if (!this.isLive) return [];
    return [...this.rows.values()].filter((row) => row[1] === "running").sort((one, other) => one[3] - other[3]);
  }

  takeRow(row) {
    const before = this.rows.get(row[0]);
    this.rows.set(row[0], row);
    const anew = before !== undefined && before[2] !== row[2]; // another attempt
    if (anew || row[1] !== "running") this.curves.delete(row[0]);
  }

  takePoints(number, points) {
    const curve = this.curves.get(number) ?? [];
    for (const [step, metrics] of points) {
      while (curve.length && curve[curve.length - 1].step >= step) curve.pop();
      curve.push({ step, metrics });
    }
    this.curves.set(number, curve.length > MOST_POINTS ? curve.filter((_, index) => index % 2 === 0 || index === curve.length - 1) : curve);
  }
}
