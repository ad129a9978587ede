// What could be meant at a place in a query. Knows names and text, and nothing of the page.

/** Suggestions that are shown at once. */
const MOST = 40;

/** The word that ends at `cursor`: `{start, text}`; a qualifying `t.` belongs to it. */
export function wordBefore(query, cursor) {
  const text = /["\w.]*$/.exec(query.slice(0, cursor))[0];
  return { start: cursor - text.length, text };
}

/** Whether `cursor` is in a comment or a text between single quotes, where nothing is suggested. */
export function inText(query, cursor) {
  const before = query.slice(0, cursor).replace(/"[^"\n]*"/g, "").replace(/'(?:[^']|'')*'/g, "");
  return /--[^\n]*$/.test(before) || before.includes("'");
}

/** Names for the word before `cursor`, best first: `[{text, kind, about}]`, and where the word starts. */
export function suggest(query, cursor, vocabulary) {
  const { start, text } = wordBefore(query, cursor);
  if (inText(query, cursor)) return { start, found: [] };
  const used = tablesUsed(query, vocabulary.tables);
  const dot = text.lastIndexOf(".");
  const qualifier = dot < 0 ? "" : text.slice(0, dot).toLowerCase();
  const qualified = used.filter(({ names }) => names.includes(qualifier));
  if (qualifier && qualified.length) {
    const columns = qualified.flatMap(({ table }) => columnsOf(table));
    return { start: start + dot + 1, found: ranked(columns, text.slice(dot + 1)) };
  }
  const tables = vocabulary.tables.map(({ name, about }) => ({ text: name, kind: "table", about }));
  // After FROM and JOIN only tables make sense, and nothing but a table has a dot in it.
  const wantsTable = /\b(?:from|join)\s+$|\bfrom\s[^()]*,\s*$/i.test(query.slice(0, start));
  if (wantsTable || qualifier) return { start, found: ranked(tables, text) };
  const columns = used.flatMap(({ table }) => columnsOf(table));
  const functions = vocabulary.functions.map(({ name, signature, about }) => (
    { text: `${name.toUpperCase()}(`, kind: "function", about: `${signature.split("->")[0].trim()}: ${about}` }));
  const words = vocabulary.words.map((word) => ({ text: word, kind: "word", about: "" }));
  return { start, found: ranked([...unique(columns), ...functions, ...words, ...tables], text) };
}

/** The tables that a query reads, each with the names by which it may be called. */
export function tablesUsed(query, tables) {
  // The alias is only looked at: the word after a column may be FROM.
  const after = /(?:\bfrom|\bjoin|,)\s*((?:\w+|"[^"]+")(?:\.(?:\w+|"[^"]+"))*)(?=(?:\s+(?:as\s+)?(\w+))?)/gi;
  const used = [...query.matchAll(after)].map(([, name, alias]) => {
    const lower = name.toLowerCase();
    const table = tables.find((table) => [table.name, bare(table.name)].some((n) => n.toLowerCase() === lower));
    return table && { table, names: [lower, bare(lower), (alias ?? "").toLowerCase()] };
  });
  return used.filter(Boolean);
}

function bare(name) {
  return name.slice(name.lastIndexOf(".") + 1);
}

function columnsOf(table) {
  return table.columns.map(({ name, unit, about }) => (
    { text: name, kind: "column", about: unit ? `[${unit}] ${about}` : about }));
}

function unique(names) {
  return [...new Map(names.map((name) => [name.text, name])).values()];
}

/** Names that begin with the word before names that only contain it; the shortest first among equals. */
function ranked(names, word) {
  const sought = word.replaceAll('"', "").toLowerCase();
  const place = ({ text }) => text.replaceAll('"', "").toLowerCase().indexOf(sought);
  const last = ({ text }) => bare(text.toLowerCase()).startsWith(sought);
  const rank = (name) => (place(name) === 0 || last(name) ? 0 : 1);
  const fitting = names.filter((name) => place(name) >= 0);
  const order = new Map(fitting.map((name, index) => [name, index]));
  fitting.sort((a, b) => rank(a) - rank(b) || order.get(a) - order.get(b));
  return fitting.slice(0, MOST);
}
