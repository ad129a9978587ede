// The whole answer to a query as a file, streamed by the browser itself: nothing of it passes through the page.

import { TAP } from "/page/service.js";
import { element } from "/page/dom.js";

/** What the server writes, with the names by which TAP asks for it. */
export const FORMATS = [
  { name: "VOTable", format: "votable" },
  { name: "VOTable, compressed", format: "votable_gzip" },
  { name: "VOTable as text", format: "votable_plain" },
  { name: "FITS", format: "fits" },
  { name: "CSV", format: "csv" },
  { name: "TSV", format: "tsv" },
  { name: "ECSV", format: "ecsv" },
  { name: "JSON", format: "json" },
  { name: "Parquet", format: "parquet" },
  { name: "Arrow", format: "arrow" },
];

/** Asks for a file as a form does; an error opens beside the page. */
export function download(query, uploads, format) {
  const form = element("form", {
    method: "post", action: `${TAP}/sync`, enctype: "multipart/form-data", target: "_blank", hidden: "",
  });
  const field = (name, value) => form.append(element("input", { type: "hidden", name, value }));
  field("LANG", "ADQL");
  field("QUERY", query);
  field("FORMAT", format);
  for (const { name, file } of uploads) {
    field("UPLOAD", `${name},param:${name}`);
    const input = element("input", { type: "file", name });
    const files = new DataTransfer();
    files.items.add(file);
    input.files = files.files;
    form.append(input);
  }
  document.body.append(form);
  form.submit();
  form.remove();
}
