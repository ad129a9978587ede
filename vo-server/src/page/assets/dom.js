// Elements without markup: what comes from a catalogue or a query is text and stays text.

/** The element of an id that index.html has. */
export function byId(id) {
  return document.getElementById(id);
}

/** A new element. `attributes` with a value of null are left out; functions are listeners. */
export function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** The same for SVG. */
export function shape(name, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function filled(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** Waits until `quiet_ms` have passed without another call. */
export function whenQuiet(quiet_ms, action) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, quiet_ms);
  };
}

/** A count as people read it. */
export function counted(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}
