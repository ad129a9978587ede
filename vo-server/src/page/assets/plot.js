// A scatter plot of two columns, or a histogram of one, as SVG in the colours of the page.

import { counted, element, shape } from "/page/dom.js";
import { numbersOf } from "/page/rows.js";
import { Scale } from "/page/scale.js";

const WIDTH = 640;
const HEIGHT = 400;
const EDGE = { left: 64, right: 16, top: 16, bottom: 44 };
const BARS = 40;
/** The entry of the second list that asks for a histogram. */
export const COUNT = "count";

/** Draws columns `x` and `y` (indices; `y` may be COUNT): the drawing, and a sentence about it. */
export function plotOf(answer, x, y, smallUp) {
  const across = numbersOf(answer, x);
  return y === COUNT ? histogram(answer.columns[x], across) : scatter(answer.columns, x, y, answer, smallUp);
}

function scatter(columns, x, y, answer, smallUp) {
  const [xs, ys] = [numbersOf(answer, x), numbersOf(answer, y)];
  const there = [...xs.keys()].filter((row) => Number.isFinite(xs[row]) && Number.isFinite(ys[row]));
  if (!there.length) return nothing(`${columns[x].name} and ${columns[y].name}`);
  const across = Scale.of(there.map((row) => xs[row]), EDGE.left, WIDTH - EDGE.right);
  const [low, high] = [HEIGHT - EDGE.bottom, EDGE.top];
  const up = Scale.of(there.map((row) => ys[row]), smallUp ? high : low, smallUp ? low : high);
  // One path of lines without length: thousands of dots stay quick.
  const dots = there.map((row) => `M${across.at(xs[row]).toFixed(1)} ${up.at(ys[row]).toFixed(1)}h0`).join("");
  const about = `${columns[y].name} against ${columns[x].name}, ${counted(there.length, "point")}`;
  const marks = shape("path", { class: "dots", d: dots });
  return { drawing: drawing(about, marks, across, up, labelOf(columns[x]), labelOf(columns[y])), told: about };
}

function histogram(column, values) {
  const there = values.filter(Number.isFinite);
  if (!there.length) return nothing(column.name);
  const across = Scale.of(there, EDGE.left, WIDTH - EDGE.right);
  const width = (across.high - across.low) / BARS;
  const counts = new Array(BARS).fill(0);
  for (const value of there) counts[Math.min(BARS - 1, Math.floor((value - across.low) / width))] += 1;
  const up = new Scale(0, Math.max(...counts), HEIGHT - EDGE.bottom, EDGE.top);
  const bars = counts.map((count, bar) => {
    const [left, right] = [across.at(across.low + bar * width), across.at(across.low + (bar + 1) * width)];
    const top = up.at(count);
    return shape("rect", { x: left, y: top, width: Math.max(1, right - left - 1), height: up.at(0) - top });
  });
  const about = `histogram of ${column.name}, ${counted(there.length, "value")}`;
  const marks = shape("g", { class: "bars" }, ...bars);
  return { drawing: drawing(about, marks, across, up, labelOf(column), "count"), told: about };
}

function nothing(names) {
  return { drawing: element("p", { class: "hint" }, "Nothing to plot."), told: `no numbers in ${names}` };
}

function labelOf({ name, unit }) {
  return unit ? `${name} [${unit}]` : name;
}

function drawing(about, marks, across, up, xLabel, yLabel) {
  const [bottom, left] = [HEIGHT - EDGE.bottom, EDGE.left];
  const ticks = across.ticks().flatMap((value) => [
    shape("path", { class: "axis", d: `M${across.at(value)} ${bottom}v5` }),
    shape("text", { x: across.at(value), y: bottom + 18, "text-anchor": "middle" }, across.text(value)),
  ]);
  const levels = up.ticks().flatMap((value) => [
    shape("path", { class: "axis", d: `M${left} ${up.at(value)}h-5` }),
    shape("text", { x: left - 8, y: up.at(value) + 4, "text-anchor": "end" }, up.text(value)),
  ]);
  const frame = `M${left} ${EDGE.top}V${bottom}H${WIDTH - EDGE.right}`;
  const middle = (EDGE.top + bottom) / 2;
  return shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": about },
    marks, shape("path", { class: "axis", d: frame }), ...ticks, ...levels,
    shape("text", { x: (left + WIDTH - EDGE.right) / 2, y: HEIGHT - 8, "text-anchor": "middle" }, xLabel),
    shape("text", { x: 14, y: middle, "text-anchor": "middle", transform: `rotate(-90 14 ${middle})` }, yLabel));
}
