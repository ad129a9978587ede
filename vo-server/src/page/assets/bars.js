// Bars of one or more parts, as SVG with a legend, and the same numbers as a table for whoever wants or needs them.

import { element, shape } from "/page/dom.js";

const WIDTH = 640;
const LABEL = 150;
const LINE = 24;
const ROOM = 70;

/** `rows` of `{label, parts: {name: number}}`; `names` in their order; `shares` makes all bars equally long. */
export function bars(rows, names, shares) {
  if (!rows.length) return element("p", { class: "hint" }, "Nothing yet.");
  const used = names.filter((name) => rows.some(({ parts }) => parts[name]));
  const sums = rows.map(({ parts }) => used.reduce((sum, name) => sum + (parts[name] ?? 0), 0));
  const longest = Math.max(...sums);
  const lines = rows.flatMap((row, index) => line(row, sums[index], used, shares ? sums[index] : longest, index * LINE));
  const drawing = shape("svg", {
    viewBox: `0 0 ${WIDTH} ${rows.length * LINE + 4}`, role: "img",
    "aria-label": `Bars of ${used.join(", ")}; the numbers are in the table below`,
  }, ...lines);
  return element("figure", { class: "bars-of" }, used.length > 1 ? legend(used) : "", drawing, numbers(rows, used));
}

function line({ label, parts }, sum, names, whole, top) {
  const room = WIDTH - LABEL - ROOM;
  let left = LABEL;
  const pieces = names.map((name, index) => {
    const width = room * (parts[name] ?? 0) / whole;
    const piece = shape("rect", { class: `part-${index}`, x: left, y: top + 3, width, height: LINE - 6 },
      shape("title", {}, `${name}: ${parts[name] ?? 0}`));
    left += width;
    return piece;
  });
  const middle = top + LINE / 2 + 4;
  return [
    shape("text", { x: LABEL - 8, y: middle, "text-anchor": "end" }, label), ...pieces,
    shape("text", { x: left + 6, y: middle }, sum.toLocaleString("en")),
  ];
}

function legend(names) {
  return element("ul", { class: "legend" }, ...names.map((name, index) => element("li", {},
    shape("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" },
      shape("rect", { class: `part-${index}`, width: 10, height: 10 })), name)));
}

function numbers(rows, names) {
  const heading = ["", ...names].map((name) => element("th", { scope: "col" }, name));
  const lines = rows.map(({ label, parts }) => element("tr", {}, element("th", { scope: "row" }, label),
    ...names.map((name) => element("td", { class: "number" }, String(parts[name] ?? 0)))));
  return element("details", {}, element("summary", {}, "Numbers"),
    element("table", {}, element("thead", {}, element("tr", {}, ...heading)), element("tbody", {}, ...lines)));
}
