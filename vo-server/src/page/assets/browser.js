// The tables as a tree: schemas, tables, columns with unit, UCD and description. A click writes a name into the query.

import { byId, counted, element, whenQuiet } from "/page/dom.js";

const TYPING_PAUSE_MS = 120;
/** Above so many columns found, their tables stay closed. */
const OPEN_COLUMNS = 60;

export class TableBrowser {
  #tables = [];
  #draw;

  /** `take(text)` writes a name, `use(query)` a query. */
  constructor(take, use) {
    this.#draw = () => drawTables(this.#tables, byId("filter").value.trim().toLowerCase(), take, use);
    byId("filter").addEventListener("input", whenQuiet(TYPING_PAUSE_MS, this.#draw));
  }

  /** Shows tables, and filters them while the reader types. */
  show(tables) {
    this.#tables = tables;
    this.#draw();
  }
}

function drawTables(tables, sought, take, use) {
  const found = tables.map((table) => matching(table, sought)).filter(Boolean);
  const columns = found.reduce((sum, table) => sum + table.columns.length, 0);
  const open = sought !== "" && columns <= OPEN_COLUMNS;
  const schemas = Map.groupBy ? Map.groupBy(found, (table) => table.schema) : grouped(found);
  byId("tables").replaceChildren(
    ...[...schemas].map(([name, members]) => schemaPart(name, members, { open, sought, take, use })),
  );
  byId("tables-state").textContent = `${counted(found.length, "table")}, ${counted(columns, "column")}`;
}

function grouped(tables) {
  const schemas = new Map();
  for (const table of tables) schemas.set(table.schema, [...(schemas.get(table.schema) ?? []), table]);
  return schemas;
}

/** The table with the columns that match; all of them when its own name does. */
function matching(table, sought) {
  const has = (...texts) => texts.some((text) => text.toLowerCase().includes(sought));
  if (has(table.name, table.about)) return table;
  const columns = table.columns.filter((column) => has(column.name, column.about, column.ucd));
  return columns.length ? { ...table, columns } : null;
}

function schemaPart(name, tables, how) {
  // What is asked for most is open: data before descriptions of data.
  const open = how.sought !== "" || name.toLowerCase() !== "tap_schema";
  const heading = element("summary", { title: tables[0].schemaAbout }, name);
  return element("details", { class: "schema", open: open ? "" : null }, heading,
    ...tables.map((table) => tablePart(table, how)));
}

function tablePart(table, { open, take, use }) {
  const part = element("details", { class: "table" }, element("summary", {}, table.name));
  // Hundreds of columns are made when they are looked at.
  const fill = () => {
    if (part.childElementCount > 1) return;
    const query = `SELECT TOP 100 *\nFROM ${table.name}`;
    part.append(
      element("p", {}, table.about || counted(table.columns.length, "column")),
      element("button", { type: "button", class: "take", click: () => use(query) }, "Show its first rows"),
      element("ul", { class: "columns" }, ...table.columns.map((column) => columnPart(column, take))),
    );
  };
  part.addEventListener("toggle", () => part.open && fill());
  if (open) part.open = true;
  return part;
}

function columnPart(column, take) {
  const name = element("button", {
    type: "button", title: "Write this name into the query", click: () => take(column.name),
  }, column.name);
  const unit = column.unit ? ` [${column.unit}]` : "";
  return element("li", {}, name,
    element("span", { class: "unit" }, `${unit} ${column.type}${column.indexed ? ", indexed" : ""}`),
    element("div", {}, column.about), element("span", { class: "ucd" }, column.ucd));
}
