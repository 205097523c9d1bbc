// Makes the static figures interactive: a tooltip on the nearest trial, the same trial ringed in all of them, filters.

const NEAR = 14; // pixels
const onMark = [];
let markedRow = -1;

/** Point out one trial everywhere; -1: none. */
function mark(row, source) {
  if (row === markedRow) return;
  markedRow = row;
  for (const listener of onMark) listener(row, source);
}

function buildFigures() {
  const tip = make("div", { class: "tip", role: "presentation" });
  tip.hidden = true;
  document.body.append(tip);
  const charts = [...document.querySelectorAll("svg.chart")].map(readChart).filter((chart) => chart.groups.length);

  function readChart(svg) {
    const groups = [...svg.querySelectorAll("path.points")].map((path) => {
      const trials = path.dataset.trials.split(",").map(Number);
      const segments = path.getAttribute("d").split("M").slice(1);
      const places = segments.map((segment) => /^(-?[\d.]+) (-?[\d.]+)/.exec(segment).slice(1).map(Number));
      return { path, trials, places, segments, index: new Map(trials.map((trial, at) => [trial, at])), kept: null };
    });
    for (const path of svg.querySelectorAll("path.line[data-trial]")) {
      const trial = Number(path.dataset.trial);
      const places = path.getAttribute("d").slice(1).split("L").map((pair) => pair.split(" ").map(Number));
      groups.push({ path, trials: places.map(() => trial), places, line: true, index: new Map([[trial, places.length - 1]]) });
    }
    return { svg, groups, marker: null };
  }

  function nearest(chart, event) {
    const box = chart.svg.getBoundingClientRect();
    const scale = chart.svg.viewBox.baseVal.width / box.width;
    const x = (event.clientX - box.left) * scale, y = (event.clientY - box.top) * scale;
    let best = null, least = (NEAR * scale) ** 2;
    for (const group of chart.groups) {
      group.places.forEach(([a, b], at) => {
        const apart = (a - x) ** 2 + (b - y) ** 2;
        const row = rowOf.get(group.trials[at]);
        if (apart < least && row !== undefined && mask[row]) {
          least = apart;
          best = { row, box, at: [a / scale + box.left, b / scale + box.top] };
        }
      });
    }
    return best;
  }

  function show(found) {
    const state = cellText(columns[1], found.row);
    tip.replaceChildren(make("b", {}, `trial ${numbers[found.row]}`), ` ${state}`, facts(found.row, 9));
    tip.hidden = false;
    const room = document.documentElement.clientWidth;
    const left = Math.min(found.at[0] + 14, room - tip.offsetWidth - 8);
    const above = found.at[1] - tip.offsetHeight - 12;
    tip.style.left = `${Math.max(8, left) + window.scrollX}px`;
    tip.style.top = `${(above > 8 ? above : found.at[1] + 16) + window.scrollY}px`;
  }

  function hide() {
    tip.hidden = true;
    mark(-1, null);
  }

  for (const chart of charts) {
    chart.svg.addEventListener("pointermove", (event) => {
      const found = nearest(chart, event);
      chart.svg.classList.toggle("pointed", found !== null);
      if (!found) return hide();
      show(found);
      mark(found.row, chart.svg);
    });
    chart.svg.addEventListener("pointerleave", hide);
    chart.svg.addEventListener("click", (event) => {
      const found = nearest(chart, event);
      if (found) pin(found.row, null);
    });
  }

  onMark.push((row) => {
    for (const chart of charts) {
      chart.marker?.remove();
      chart.marker = null;
      const trial = numbers[row];
      const group = row < 0 ? undefined : chart.groups.find((each) => each.index.has(trial));
      if (!group) continue;
      const [cx, cy] = group.places[group.index.get(trial)];
      chart.marker = makeSvg("circle", { class: "marker", cx, cy, r: 7 });
      chart.svg.append(chart.marker);
    }
  });

  let waiting = 0;
  onFilter.push((settled) => {
    clearTimeout(waiting);
    waiting = setTimeout(dim, settled ? 60 : 250);
  });

  function dim() {
    for (const { groups } of charts) {
      for (const group of groups) {
        const inside = (at) => mask[rowOf.get(group.trials[at])] === 1;
        if (group.line) {
          group.path.classList.toggle("dimmed", !inside(0));
          continue;
        }
        group.kept?.remove();
        group.kept = null;
        group.path.classList.toggle("dimmed", filters.size > 0);
        if (!filters.size) continue;
        group.kept = group.path.cloneNode();
        group.kept.classList.remove("dimmed");
        group.kept.setAttribute("d", group.segments.filter((_, at) => inside(at)).map((segment) => `M${segment}`).join(""));
        group.path.after(group.kept);
      }
    }
  }
}
