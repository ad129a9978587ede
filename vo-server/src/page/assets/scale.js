// From values to places on the plot, and round values for its axes.

const TICKS = 6;
/** Room beside the outermost values, as a part of the whole range. */
const MARGIN = 0.03;

export class Scale {
  /** Values `low` to `high` at the places `from` to `to`. */
  constructor(low, high, from, to) {
    Object.assign(this, { low, high: high > low ? high : low + 1, from, to });
  }

  /** A scale for these values, with some room. */
  static of(values, from, to) {
    let [low, high] = [Infinity, -Infinity];
    for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
    const room = (high - low || Math.abs(high) || 1) * MARGIN;
    return new Scale(low - room, high + room, from, to);
  }

  /** The place of a value. */
  at(value) {
    return this.from + (value - this.low) / (this.high - this.low) * (this.to - this.from);
  }

  /** Round values, about six. */
  ticks() {
    const step = this.#step();
    const first = Math.ceil(this.low / step);
    const last = Math.floor(this.high / step);
    return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
  }

  /** A tick as text, with as many digits as tell it from the next. */
  text(value) {
    const digits = Math.max(0, -Math.floor(Math.log10(this.#step()) + 1e-9));
    if (digits > 6 || Math.abs(value) >= 1e7) return value.toPrecision(4);
    return value.toFixed(digits).replace(/^-(0(?:\.0+)?)$/, "$1");
  }

  /** 1, 2 or 5 times a power of ten. */
  #step() {
    const rough = (this.high - this.low) / TICKS;
    const power = 10 ** Math.floor(Math.log10(rough));
    return power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  }
}
