// The editor: a plain text area, so that every reader and keyboard knows it, with suggestions and a place for errors.

import { byId, whenQuiet } from "/page/dom.js";
import { Suggestions } from "/page/suggestions.js";

const TYPING_PAUSE_MS = 80;

export class Editor {
  #area = byId("query");
  #suggestions = new Suggestions(this.#area, (text, start) => this.insert(text, start));
  #place = null;

  /** `run` is called for Ctrl+Enter, `changed` after every change of the text. */
  constructor(run, changed) {
    this.#area.addEventListener("keydown", (event) => this.#key(event, run));
    this.#area.addEventListener("input", whenQuiet(TYPING_PAUSE_MS, () => this.#suggestions.follow()));
    this.#area.addEventListener("input", () => this.showProblem(null));
    this.#area.addEventListener("input", changed);
    this.#area.addEventListener("blur", () => this.#suggestions.close());
    byId("problem-place").addEventListener("click", () => this.#goTo(this.#place));
  }

  /** What names there are. */
  know(vocabulary) {
    this.#suggestions.vocabulary = vocabulary;
  }

  get text() {
    return this.#area.value;
  }

  /** Replaces the whole query. */
  set text(query) {
    this.#area.value = query;
    this.#area.dispatchEvent(new Event("input"));
  }

  /** Writes at the cursor, or from `start` to it. */
  insert(text, start = this.#area.selectionStart) {
    this.#area.focus();
    this.#area.setRangeText(text, start, this.#area.selectionEnd, "end");
    this.#area.dispatchEvent(new Event("input"));
  }

  /** Says what is wrong, and where; nothing for null. */
  showProblem(refused) {
    byId("problem").hidden = !refused;
    this.#area.setAttribute("aria-invalid", String(Boolean(refused)));
    this.#place = refused?.place;
    if (!refused) return;
    byId("problem-text").textContent = refused.message;
    byId("problem-place").hidden = !refused.place;
    if (!refused.place) return;
    byId("problem-place").textContent = `Go to line ${refused.place.line}, column ${refused.place.column}`;
    this.#goTo(refused.place);
  }

  /** Marks the word at a place whose column counts characters from 1. */
  #goTo({ line, column }) {
    const lines = this.text.split("\n");
    const before = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
    const within = [...(lines[line - 1] ?? "")].slice(0, column - 1).join("").length;
    const start = before + within;
    const [word] = /^(?:[\w.]+|"[^"]*"|\S)?/.exec(this.text.slice(start));
    this.#area.focus();
    this.#area.setSelectionRange(start, start + word.length);
  }

  #key(event, run) {
    const control = event.ctrlKey || event.metaKey;
    if (control && event.key === "Enter") run();
    else if (control && event.key === " ") this.#suggestions.open(0);
    else if (!this.#suggestions.key(event)) return;
    event.preventDefault();
  }
}
