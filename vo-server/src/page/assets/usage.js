// Who uses the catalogue: the counts that everybody may see, added up in three ways.

import { bars } from "/page/bars.js";
import { ask } from "/page/service.js";
import { byId, counted } from "/page/dom.js";

const PAGES = ["page", "other-page"];
/** Days in the first plot. */
const DAYS = 31;

const isProgram = ({ client }) => !PAGES.includes(client);

/** Sums of `queries` by two names of each count: `[{label, parts: {name: sum}}]`. */
export function sums(counts, label, part) {
  const rows = new Map();
  for (const count of counts) {
    const parts = rows.get(label(count)) ?? {};
    parts[part(count)] = (parts[part(count)] ?? 0) + count.queries;
    rows.set(label(count), parts);
  }
  return [...rows].map(([name, parts]) => ({ label: name, parts }));
}

function total(counts) {
  return counts.reduce((sum, { queries }) => sum + queries, 0);
}

function percent(part, whole) {
  return whole ? `${Math.round(100 * part / whole)} %` : "–";
}

function summary(counts) {
  const programs = counts.filter(isProgram);
  const astroquery = programs.filter(({ client }) => client === "astroquery");
  return `${counted(total(counts), "request")}: ${percent(total(programs), total(counts))} from programs, ` +
    `${percent(total(astroquery), total(programs))} of those from astroquery.`;
}

/** The rows with the largest sums first. */
function largestFirst(rows) {
  const sum = ({ parts }) => Object.values(parts).reduce((a, b) => a + b, 0);
  return rows.sort((a, b) => sum(b) - sum(a));
}

async function show() {
  const { counts, complexities, smallest_count: smallest } = await (await ask("/page/usage.json")).json();
  byId("smallest").textContent = smallest;
  byId("state").textContent = counts.length ? summary(counts) : "Nothing has been counted yet.";
  const kind = (count) => (isProgram(count) ? "programs" : "pages");
  byId("programs").replaceChildren(bars(sums(counts, ({ day }) => day, kind).slice(-DAYS), ["programs", "pages"], true));
  const programs = counts.filter(isProgram);
  const version = ({ client, version }) => `${client} ${version}`.trim();
  byId("clients").replaceChildren(bars(largestFirst(sums(programs, version, () => "requests")), ["requests"], false));
  const classes = largestFirst(sums(counts, ({ client }) => client, ({ complexity }) => complexity));
  byId("classes").replaceChildren(bars(classes, complexities, true));
}

show().catch((error) => (byId("state").textContent = `The counts could not be read: ${error.message}`));
