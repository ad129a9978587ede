// The addresses that speak JSON, as their own OpenAPI document says: each with what it takes and what it gives.

import { ask } from "/page/service.js";
import { byId, counted, element } from "/page/dom.js";
import { members, typeOf } from "/page/schema.js";

/** Every operation: `{path, method, about}`. */
function operationsOf(document) {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, about]) => ({ path, method: method.toUpperCase(), about })));
}

/** The one body of an answer or a request, if there is one: `[media type, schema]`. */
function bodyOf(part) {
  const [body] = Object.entries(part?.content ?? {});
  return body && [body[0], body[1].schema];
}

/** What is sent: parameters of the address, and members of the body. */
function sentBy(about) {
  const ofAddress = (about.parameters ?? []).map(({ name, required, description, schema }) =>
    ({ name, required, type: typeOf(schema), about: description ?? "" }));
  return [...ofAddress, ...members(bodyOf(about.requestBody)?.[1])];
}

function table(caption, rows) {
  const line = ({ name, required, type, about }) => element("tr", {},
    element("th", { scope: "row" }, element("code", {}, name)),
    element("td", {}, type), element("td", {}, required ? "yes" : "no"), element("td", {}, about));
  const head = ["Name", "Type", "Always there", "What it is"].map((text) => element("th", { scope: "col" }, text));
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    element("table", {}, element("caption", {}, caption), element("thead", {}, element("tr", {}, ...head)),
      element("tbody", {}, ...rows.map(line))));
}

function answer([status, about]) {
  const body = bodyOf(about);
  const told = element("p", {}, element("code", {}, status), ` ${about.description}${body ? `, as ${body[0]}` : ""}`);
  const rows = members(body?.[1]);
  return rows.length ? [told, table(`What the answer ${status} has`, rows)] : [told];
}

function operation({ path, method, about }) {
  const name = `${method} ${path}`;
  const sent = sentBy(about);
  const takes = sent.length ? [table("What it takes", sent)] : [element("p", { class: "hint" }, "It takes nothing.")];
  return element("section", { "aria-label": name, class: "operation" },
    element("h2", {}, element("code", {}, name)), element("p", {}, about.summary), ...takes,
    element("h3", {}, "What it answers"), ...Object.entries(about.responses).flatMap(answer));
}

async function show() {
  const document = await (await ask("/openapi.json")).json();
  const operations = operationsOf(document);
  byId("state").textContent = counted(operations.length, "operation");
  byId("about").textContent = document.info.description;
  const schemes = Object.values(document.components?.securitySchemes ?? {});
  byId("access").textContent = schemes.map(({ scheme, description }) => `Authorization: ${scheme} …: ${description}.`).join(" ");
  byId("operations").replaceChildren(...operations.map(operation));
}

show().catch((error) => (byId("state").textContent = `The document could not be read: ${error.message}`));
