// The services that the page asks: the same TAP that astroquery and TOPCAT ask, and nothing beside it.

export const TAP = "/tap-server/tap";
/** Rows that the page takes to show and to plot; downloads and jobs have no such limit. */
export const PREVIEW_ROWS = 5000;
const VOTABLE = "application/x-votable+xml;serialization=tabledata";

/** Why a request was refused, with its place in the query where there is one. */
export class Refused extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
    const place = /line (\d+), column (\d+)/.exec(message);
    this.place = place && { line: Number(place[1]), column: Number(place[2]) };
  }
}

/** The answer to a request, or a `Refused` with the server's own words. */
export async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused("the server does not answer: check the connection, and try again", 0);
  }
  if (!answer.ok) throw new Refused(reason(await answer.text()), answer.status);
  return answer;
}

/** A document in XML. */
export async function askXml(path, options) {
  const answer = await ask(path, options);
  return new DOMParser().parseFromString(await answer.text(), "application/xml");
}

function reason(text) {
  const document = new DOMParser().parseFromString(text, "application/xml");
  const status = document.querySelector('INFO[name="QUERY_STATUS"]');
  return (status ? status.textContent : text).trim() || "the server refused without a reason";
}

/** Rows for the page. `uploads` is a list of `{name, file}`. */
export function preview(query, uploads, signal) {
  const form = queryForm(query, uploads, VOTABLE);
  form.set("MAXREC", String(PREVIEW_ROWS));
  return askXml(`${TAP}/sync`, { method: "POST", body: form, signal });
}

/** Rows of a job that has ended. */
export function jobPreview(url, signal) {
  const form = queryForm("SELECT * FROM tap_upload.job", [], VOTABLE);
  form.set("UPLOAD", `job,${url}/results/result`);
  form.set("MAXREC", String(PREVIEW_ROWS));
  return askXml(`${TAP}/sync`, { method: "POST", body: form, signal });
}

/** The form of a query, for TAP. */
export function queryForm(query, uploads, format) {
  const form = new FormData();
  form.set("LANG", "ADQL");
  form.set("QUERY", query);
  form.set("FORMAT", format);
  for (const { name, file } of uploads) {
    form.append("UPLOAD", `${name},param:${name}`);
    form.append(name, file, `${name}.vot`);
  }
  return form;
}

/** Starts a job; the answer is its address. */
export async function startJob(query, uploads, format) {
  const form = queryForm(query, uploads, format);
  form.set("PHASE", "RUN");
  const answer = await ask(`${TAP}/async`, { method: "POST", body: form });
  return new URL(answer.url).pathname;
}

/** Keeps the result of a job as a table of the caller's (TAP+); the answer says what became of it. */
export async function saveJob(id, name) {
  const form = new URLSearchParams({ JOBID: id, TABLE_NAME: name });
  return (await ask("/tap-server/Upload", { method: "POST", body: form })).text();
}

/** Signs in, or throws. */
export function signIn(username, password) {
  return ask("/tap-server/login", { method: "POST", body: new URLSearchParams({ username, password }) });
}

/** Signs out. */
export function signOut() {
  return ask("/tap-server/logout", { method: "POST" });
}
