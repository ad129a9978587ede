// The result: rows in a table and columns in a plot.

import { byId, element } from "/page/dom.js";
import { COUNT, plotOf } from "/page/plot.js";
import { readRows, tableOf, told } from "/page/rows.js";
import { Refused } from "/page/service.js";

/** Columns that make a good first plot, where nobody chose others. */
const FIRST_CHOICES = [["bp_rp", "phot_g_mean_mag"], ["ra", "dec"]];

export class Result {
  #answer = null;
  #preferred = null;

  constructor() {
    byId("plot-form").addEventListener("change", () => this.#plot());
  }

  /** The columns that the next result is plotted with, if it has them. */
  prefer(columns) {
    this.#preferred = columns;
  }

  /** Waits for a VOTable and shows it. */
  async show(ask) {
    byId("result-state").textContent = "Asking …";
    const asked_ms = performance.now();
    const answer = readRows(await ask());
    if (answer.failure) throw new Refused(answer.failure, 200);
    this.#answer = answer;
    byId("result").hidden = false;
    byId("rows").replaceChildren(tableOf(answer));
    byId("result-state").textContent = told(answer, (performance.now() - asked_ms) / 1000);
    this.#choose();
    this.#plot();
  }

  /** Shows no result, and why. */
  clear(text) {
    this.#answer = null;
    byId("result").hidden = true;
    byId("result-state").textContent = text;
  }

  /** Fills the lists of columns; numbers only. */
  #choose() {
    const columns = this.#answer.columns.map((column, index) => ({ ...column, index })).filter((c) => c.isNumber);
    byId("plot-part").hidden = columns.length === 0;
    const options = () => columns.map(({ name, index }) => element("option", { value: index }, name));
    byId("plot-x").replaceChildren(...options());
    byId("plot-y").replaceChildren(element("option", { value: COUNT }, "how many (histogram)"), ...options());
    const place = (name) => columns.find((column) => column.name === name)?.index;
    const pairs = [this.#preferred ?? [], ...FIRST_CHOICES].map((names) => names.map(place));
    const [x, y] = pairs.find((pair) => pair.length && pair.every((index) => index !== undefined)) ?? [columns[0]?.index, COUNT];
    [byId("plot-x").value, byId("plot-y").value] = [x, y];
    byId("plot-down").checked = /_mag$|absolute/.test(this.#answer.columns[y]?.name ?? "");
    this.#preferred = null;
  }

  #plot() {
    const [x, y] = [byId("plot-x").value, byId("plot-y").value];
    if (x === "") return;
    const { drawing, told } = plotOf(this.#answer, Number(x), y === COUNT ? COUNT : Number(y), byId("plot-down").checked);
    byId("plot").replaceChildren(drawing);
    byId("plot-told").textContent = told;
  }
}
