// JSON Schema as rows for people: the members of an object, and of what is in it.

/** A type in a few words. */
export function typeOf(schema = {}) {
  if ("const" in schema) return JSON.stringify(schema.const);
  const types = [schema.type ?? "anything"].flat();
  const bound = "minimum" in schema ? `, at least ${schema.minimum}` : "";
  return types.map((type) => (type === "array" && schema.items ? `list of ${typeOf(schema.items)}` : type)).join(" or ") + bound;
}

/** The members of a schema: `[{name, required, type, about}]`, those of members after them. */
export function members(schema, within = "") {
  if (schema?.type === "array") return members(schema.items, `${within}[]`);
  const required = new Set(schema?.required ?? []);
  const properties = schema?.properties ?? Object.fromEntries([...required].map((name) => [name, {}]));
  return Object.entries(properties).flatMap(([name, inner]) => {
    const path = within ? `${within}.${name}` : name;
    const example = "example" in inner ? ` For example: ${inner.example}` : "";
    const row = { name: path, required: required.has(name), type: typeOf(inner), about: (inner.description ?? "") + example };
    return [row, ...members(inner, path)];
  });
}
