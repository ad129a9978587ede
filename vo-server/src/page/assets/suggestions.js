// The list of suggestions below the word that is being written (WAI-ARIA: a text box with a list of options).

import { byId, counted, element } from "/page/dom.js";
import { suggest, wordBefore } from "/page/completion.js";

/** The list opens by itself once a word has so many letters. */
const LETTERS = 2;
const GAP_PX = 4;

export class Suggestions {
  vocabulary = { tables: [], functions: [], words: [] };
  #area;
  #take;
  #list = byId("suggestions");
  #found = [];
  #start = 0;
  #chosen = -1;

  /** `take(text, start)` writes what is chosen in the place of the word that starts there. */
  constructor(area, take) {
    [this.#area, this.#take] = [area, take];
  }

  /** Opens or closes as the word at the cursor wants it. */
  follow() {
    const word = wordBefore(this.#area.value, this.#area.selectionStart).text;
    if (document.activeElement === this.#area && word.length >= LETTERS) this.open(-1);
    else this.close();
  }

  /** Shows what fits; `chosen` is the place of the choice, or -1. */
  open(chosen) {
    const { start, found } = suggest(this.#area.value, this.#area.selectionStart, this.vocabulary);
    const written = this.#area.value.slice(start, this.#area.selectionStart).toLowerCase();
    if (!found.length || (found.length === 1 && found[0].text.toLowerCase() === written)) return this.close();
    [this.#start, this.#found] = [start, found];
    this.#list.replaceChildren(...found.map((name, index) => this.#item(name, index)));
    this.#list.hidden = false;
    this.#put(start);
    this.#choose(chosen);
    byId("query-told").textContent = `${counted(found.length, "suggestion")}: arrows choose, Tab takes, Escape closes.`;
  }

  /** Shows nothing. */
  close() {
    this.#list.hidden = true;
    this.#area.removeAttribute("aria-activedescendant");
    byId("query-told").textContent = "";
  }

  /** Whether a key meant the list. Enter is a new line until something was chosen. */
  key({ key, shiftKey }) {
    const count = this.#found.length;
    if (this.#list.hidden) return false;
    if (key === "ArrowDown") this.#choose((this.#chosen + 1) % count);
    else if (key === "ArrowUp") this.#choose((Math.max(this.#chosen, 0) + count - 1) % count);
    else if (key === "Tab" && !shiftKey) this.#accept(Math.max(this.#chosen, 0));
    else if (key === "Enter" && this.#chosen >= 0) this.#accept(this.#chosen);
    else if (key === "Escape") this.close();
    else return false;
    return true;
  }

  #item({ text, kind, about }, index) {
    const accept = (event) => {
      event.preventDefault();
      this.#accept(index);
    };
    const how = { role: "option", id: `suggestion-${index}`, mousedown: accept };
    return element("li", how, text, element("span", {}, about || kind));
  }

  #accept(index) {
    this.#take(this.#found[index].text, this.#start);
    this.close();
  }

  #choose(index) {
    this.#chosen = index;
    [...this.#list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === index)));
    if (index < 0) return this.#area.removeAttribute("aria-activedescendant");
    this.#area.setAttribute("aria-activedescendant", `suggestion-${index}`);
    this.#list.children[index].scrollIntoView({ block: "nearest" });
  }

  /** Puts the list below the word. The letters of the editor are all equally wide. */
  #put(start) {
    const before = this.#area.value.slice(0, start).split("\n");
    const style = getComputedStyle(this.#area);
    const measure = document.createElement("canvas").getContext("2d");
    measure.font = style.font;
    const across = measure.measureText(before.at(-1)).width - this.#area.scrollLeft + parseFloat(style.paddingLeft);
    const down = before.length * parseFloat(style.lineHeight) - this.#area.scrollTop + parseFloat(style.paddingTop);
    const room = this.#area.clientWidth - this.#list.offsetWidth;
    this.#list.style.left = `${Math.max(0, Math.min(across, room))}px`;
    this.#list.style.top = `${Math.min(down, this.#area.clientHeight) + GAP_PX}px`;
  }
}
