// Comma-separated values become a VOTable, because that is what TAP takes.

const QUOTED_OR_PLAIN = /"((?:[^"]|"")*)"|([^",\r\n]*)/y;
const WHOLE = /^[+-]?\d{1,19}$/;

/** Rows of cells (RFC 4180). */
export function readCsv(text) {
  const rows = [[]];
  let at = text.startsWith("\ufeff") ? 1 : 0;
  while (at < text.length) {
    QUOTED_OR_PLAIN.lastIndex = at;
    const [whole, quoted, plain] = QUOTED_OR_PLAIN.exec(text);
    rows.at(-1).push(quoted === undefined ? plain.trim() : quoted.replaceAll('""', '"'));
    at += whole.length;
    if (text[at] === ",") at += 1;
    else if (at < text.length) {
      const end = /^\r?\n|^\r/.exec(text.slice(at, at + 2));
      if (!end) throw new Error(`row ${rows.length}: a quote ends in the middle of a value`);
      at += end[0].length;
      rows.push([]);
      continue;
    }
    if (at >= text.length && text.at(-1) === ",") rows.at(-1).push("");
  }
  return rows.filter((row) => row.length > 1 || (row.length === 1 && row[0] !== ""));
}

/** A VOTable of comma-separated values whose first row has the names. */
export function votableOfCsv(text) {
  const [names, ...rows] = readCsv(text);
  if (!names || !names.length) throw new Error("it is empty: the first line has the names of columns");
  rows.forEach((row, index) => {
    if (row.length !== names.length) {
      throw new Error(`row ${index + 1} has ${row.length} values, and there are ${names.length} columns`);
    }
  });
  const fields = names.map((name, column) => {
    const type = typeOf(rows.map((row) => row[column]));
    return `<FIELD name="${escaped(name || `column_${column + 1}`)}" ${type}/>`;
  });
  const lines = rows.map((row) => `<TR>${row.map((cell) => `<TD>${escaped(cell)}</TD>`).join("")}</TR>`);
  return '<?xml version="1.0" encoding="UTF-8"?>\n<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">' +
    `<RESOURCE><TABLE>${fields.join("")}<DATA><TABLEDATA>\n${lines.join("\n")}\n</TABLEDATA></DATA></TABLE>` +
    "</RESOURCE></VOTABLE>\n";
}

function typeOf(cells) {
  const there = cells.filter((cell) => cell !== "");
  const isNumber = (cell) => cell.toLowerCase() === "nan" || Number.isFinite(Number(cell));
  if (there.length && there.every(isLong)) return 'datatype="long"';
  if (there.length && there.every(isNumber)) return 'datatype="double"';
  return 'datatype="unicodeChar" arraysize="*"';
}

/** Identifiers of Gaia have 19 digits, more than a number of this language. */
function isLong(cell) {
  return WHOLE.test(cell) && BigInt.asIntN(64, BigInt(cell.replace("+", ""))) === BigInt(cell.replace("+", ""));
}

function escaped(text) {
  const names = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replace(/[&<>"]/g, (character) => names[character]);
}
