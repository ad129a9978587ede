// Tables of the reader that come along with a query (TAP 1.1 section 2.5). They are sent with it and not kept.

import { byId, element } from "/page/dom.js";
import { votableOfCsv } from "/page/csv.js";

/** Bytes of all tables of a query; the server takes as much. */
const MOST_BYTES = 250e6;

export class Uploads {
  #tables = [];
  #changed;

  /** `changed(name)` is called with the new table's name, or with null after one was removed. */
  constructor(changed) {
    this.#changed = changed;
    const drop = byId("drop");
    const over = (is) => (event) => {
      event.preventDefault();
      drop.classList.toggle("over", is);
    };
    drop.addEventListener("dragover", over(true));
    drop.addEventListener("dragleave", over(false));
    drop.addEventListener("drop", (event) => {
      over(false)(event);
      this.#add(event.dataTransfer.files);
    });
    byId("upload").addEventListener("change", (event) => this.#add(event.target.files));
  }

  /** `[{name, file}]`, every file a VOTable. */
  get tables() {
    return this.#tables;
  }

  async #add(files) {
    for (const file of files) await this.#addOne(file);
    byId("upload").value = "";
  }

  async #addOne(file) {
    try {
      const sum = this.#tables.reduce((bytes, table) => bytes + table.file.size, file.size);
      if (sum > MOST_BYTES) throw new Error(`tables of a query have at most ${MOST_BYTES / 1e6} MB together`);
      const table = { name: this.#freeName(file.name), file: await votable(file) };
      this.#tables.push(table);
      this.#draw();
      this.#changed(table.name);
    } catch (error) {
      this.#draw(`${file.name} cannot be used: ${error.message}`);
    }
  }

  #freeName(fileName) {
    const stem = fileName.toLowerCase().replace(/\..*$/, "").replace(/[^a-z0-9_]+/g, "_").replace(/^[^a-z]+/, "");
    const name = stem.slice(0, 60) || "mine";
    const taken = (candidate) => this.#tables.some((table) => table.name === candidate);
    let [free, number] = [name, 2];
    while (taken(free)) free = `${name}_${number++}`;
    return free;
  }

  #draw(problem = "") {
    const items = this.#tables.map((table) => element("li", {}, element("code", {}, `tap_upload.${table.name}`),
      ` ${table.file.size.toLocaleString("en")} bytes `,
      element("button", { type: "button", class: "take", click: () => this.#remove(table) }, `Remove ${table.name}`)));
    if (problem) items.push(element("li", { class: "problem", role: "alert" }, problem));
    byId("uploads").replaceChildren(...items);
  }

  #remove(table) {
    this.#tables = this.#tables.filter((other) => other !== table);
    this.#draw();
    this.#changed(null);
  }
}

/** The file itself, or a VOTable of it when it is comma-separated. */
async function votable(file) {
  if (!/\.csv$/i.test(file.name) && file.type !== "text/csv") return file;
  return new File([votableOfCsv(await file.text())], "table.vot", { type: "application/x-votable+xml" });
}
