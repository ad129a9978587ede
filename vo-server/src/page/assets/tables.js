// What the catalogue has: tables, columns and functions, read once from the services' own descriptions.

import { TAP, ask, askXml } from "/page/service.js";

/** `{tables, functions, words}` of this server, as the caller may see it. */
export async function readVocabulary() {
  const [tables, language] = await Promise.all([
    askXml(`${TAP}/tables`),
    ask("/page/language.json").then((answer) => answer.json()),
  ]);
  return { tables: readTables(tables), functions: language.functions, words: language.words };
}

/** The tables of a VOSI tableset. */
export function readTables(document) {
  return children(document.documentElement, "schema").flatMap((schema) => {
    const about = { schema: text(schema, "name"), schemaAbout: text(schema, "description") };
    return children(schema, "table").map((table) => ({
      ...about,
      name: text(table, "name"),
      about: text(table, "description"),
      columns: children(table, "column").map(readColumn),
    }));
  });
}

function readColumn(column) {
  const type = children(column, "dataType")[0];
  return {
    name: text(column, "name"),
    about: text(column, "description"),
    unit: text(column, "unit"),
    ucd: text(column, "ucd"),
    type: type ? type.textContent + (type.getAttribute("arraysize") ? "[]" : "") : "",
    indexed: children(column, "flag").some((flag) => flag.textContent === "indexed"),
  };
}

function children(parent, name) {
  return [...parent.children].filter((child) => child.localName === name);
}

function text(parent, name) {
  const found = children(parent, name)[0];
  return found ? found.textContent : "";
}
