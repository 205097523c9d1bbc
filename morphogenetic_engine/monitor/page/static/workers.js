// The workers on other machines: where each is, what it does, and how long the others wait.

import { byId, element, setText } from "./dom.js";
import { clock, plural } from "./format.js";

/** Show the workers of a sweep whose workers are elsewhere; the section is hidden for all others. */
export function showWorkers(store) {
  const { places } = store;
  const section = byId("machines-section");
  section.hidden = !places || !store.isLive;
  if (section.hidden) return;
  const waiting = places.workers.filter(({ place }) => !place);
  const count = plural(places.workers.length - waiting.length, "worker");
  setText(byId("machines-note"), `${count} at work${waiting.length ? `, ${waiting.length} waiting` : ""}${places.queued ? `: ${places.queued}` : ""}`);
  const trials = new Map();
  for (const row of store.running()) trials.set(row[3], [...(trials.get(row[3]) ?? []), row]);
  const body = byId("machines").tBodies[0];
  while (body.rows.length > places.workers.length) body.lastElementChild.remove();
  while (body.rows.length < places.workers.length) {
    body.append(element("tr", {}, element("th", { scope: "row" }), ...[0, 1].map(() => element("td", { class: "text" })), element("td")));
  }
  places.workers.forEach((worker, index) => fillRow(body.rows[index].cells, worker, trials.get(worker.number) ?? [], store.now()));
}

function fillRow([number, place, doing, waits], worker, running, now) {
  setText(number, String(worker.number));
  setText(place, worker.place || "not placed yet");
  setText(doing, running.length ? running.map((row) => `trial ${row[0]}, step ${row[6] ?? 0}`).join("; ") : worker.place ? "waits for a trial" : "");
  setText(waits, worker.place ? "" : clock(now - worker.asked));
}
