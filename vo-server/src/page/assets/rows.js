// An answer: a VOTable in TABLEDATA becomes columns and rows of text. Numbers keep all their digits.

import { counted, element } from "/page/dom.js";

/** Rows in the table on the page; the plot has all that came. */
const SHOWN_ROWS = 200;
const NUMBERS = new Set(["short", "int", "long", "float", "double", "unsignedByte"]);

/** `{columns, rows, overflow}` of a VOTable. Empty cells are null. */
export function readRows(document) {
  const columns = [...document.querySelectorAll("TABLE > FIELD")].map((field) => ({
    name: field.getAttribute("name"),
    unit: field.getAttribute("unit") ?? "",
    ucd: field.getAttribute("ucd") ?? "",
    about: field.querySelector("DESCRIPTION")?.textContent ?? "",
    isNumber: NUMBERS.has(field.getAttribute("datatype")) && !field.hasAttribute("arraysize"),
  }));
  const rows = [...document.querySelectorAll("TABLEDATA > TR")].map((row) => (
    [...row.children].map((cell) => cell.textContent === "" ? null : cell.textContent)));
  const overflow = document.querySelector('INFO[name="QUERY_STATUS"][value="OVERFLOW"]') !== null;
  const failed = document.querySelector('INFO[name="QUERY_STATUS"][value="ERROR"]');
  return { columns, rows, overflow, failure: failed && failed.textContent };
}

/** The numbers of a column; NaN where there is none. */
export function numbersOf({ rows }, index) {
  return Float64Array.from(rows, (row) => row[index] === null ? NaN : Number(row[index]));
}

/** The first rows as a table. */
export function tableOf({ columns, rows }) {
  const heading = element("tr", {}, ...columns.map((column) => (
    element("th", { scope: "col", class: kind(column), title: column.about }, column.name,
      element("small", {}, column.unit || "\u00a0")))));
  const lines = rows.slice(0, SHOWN_ROWS).map((row) => (
    element("tr", {}, ...row.map((text, index) => cellOf(text, columns[index])))));
  return element("table", {}, element("thead", {}, heading), element("tbody", {}, ...lines));
}

function cellOf(text, column) {
  if (text === null) return element("td", { class: `${kind(column)} nothing` }, "–");
  return element("td", { class: kind(column) }, text);
}

function kind(column) {
  return column.isNumber ? "number" : "text";
}

/** What came, in words. */
export function told({ rows, overflow }, seconds) {
  const shown = rows.length > SHOWN_ROWS ? `, the first ${SHOWN_ROWS} are shown` : "";
  const more = overflow ? " There are more: download them, or run a job." : "";
  return `${counted(rows.length, "row")} in ${seconds.toFixed(2)} s${shown}.${more}`;
}
