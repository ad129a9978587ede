// The page: puts its parts together and runs queries. What each part does is in its own file.

import { TableBrowser } from "/page/browser.js";
import { CLIENTS, codeFor } from "/page/code.js";
import { byId, element, whenQuiet } from "/page/dom.js";
import { Editor } from "/page/editor.js";
import { examplesFor } from "/page/examples.js";
import { FORMATS, download } from "/page/download.js";
import { Jobs } from "/page/jobs.js";
import { Result } from "/page/result.js";
import { jobPreview, preview, startJob } from "/page/service.js";
import { followSession } from "/page/session.js";
import { readVocabulary } from "/page/tables.js";
import { Uploads } from "/page/uploads.js";

const CODE_PAUSE_MS = 300;

const editor = new Editor(run, whenQuiet(CODE_PAUSE_MS, writeCode));
const result = new Result();
const jobs = new Jobs((url) => show((signal) => jobPreview(url, signal)), readTables);
const uploads = new Uploads((name) => (name && !editor.text.trim()
  ? editor.text = `SELECT *\nFROM tap_upload.${name}` : writeCode()));
const browser = new TableBrowser((name) => editor.insert(name), (query) => (editor.text = query));
let labs = null;
let examples = [];

async function run() {
  await show((signal) => preview(editor.text, uploads.tables, signal));
}

/** Shows what `ask` answers, until somebody presses Stop. */
async function show(ask) {
  editor.showProblem(null);
  const stopping = new AbortController();
  byId("stop").onclick = () => stopping.abort();
  busy(true);
  try {
    await result.show(() => ask(stopping.signal));
  } catch (error) {
    if (error.name !== "AbortError") editor.showProblem(error);
    result.clear(error.name === "AbortError" ? "Stopped." : "No result: the query was refused.");
  } finally {
    busy(false);
  }
}

function busy(is) {
  byId("run").disabled = is;
  byId("stop").hidden = !is;
}

async function runJob() {
  editor.showProblem(null);
  try {
    await jobs.add(await startJob(editor.text, uploads.tables, byId("format").value));
  } catch (error) {
    editor.showProblem(error);
  }
}

/** The code beside the query; a query that is not finished yet has none for notebooks. */
async function writeCode() {
  const names = uploads.tables.map(({ name }) => name);
  const asked = [byId("client").value, editor.text];
  const code = await codeFor(...asked, names, location.origin).catch((error) => `# ${error.message}\n`);
  if (asked[0] !== byId("client").value || asked[1] !== editor.text) return;
  byId("code").textContent = code;
  byId("notebook").hidden = !labs;
  // After the #, where it is in no request and no log.
  if (labs) byId("notebook").href = `${labs}/notebook#${encodeURIComponent(code)}`;
}

async function copyCode() {
  const copied = navigator.clipboard?.writeText(byId("code").textContent) ?? Promise.reject();
  byId("copied").textContent = await copied.then(() => "Copied.", () => "Select the code and copy it with the keyboard.");
}

/** Reads the tables that the caller may see, again after each sign-in. */
async function readTables() {
  try {
    const vocabulary = await readVocabulary();
    editor.know(vocabulary);
    browser.show(vocabulary.tables);
    examples = examplesFor(vocabulary.tables);
  } catch (error) {
    byId("tables-state").textContent = `The tables could not be read: ${error.message}`;
    return;
  }
  const options = examples.map(({ title }, index) => element("option", { value: index }, title));
  byId("example").replaceChildren(element("option", { value: "" }, "Choose one …"), ...options);
}

function useExample({ target }) {
  if (target.value === "") return;
  editor.text = examples[target.value].query;
  result.prefer(examples[target.value].plot);
}

byId("client").append(...CLIENTS.map((client) => element("option", {}, client)));
byId("format").append(...FORMATS.map(({ name, format }) => element("option", { value: format }, name)));
byId("example").addEventListener("change", useExample);
byId("client").addEventListener("change", writeCode);
byId("run").addEventListener("click", run);
byId("run-job").addEventListener("click", runJob);
byId("download").addEventListener("click", () => download(editor.text, uploads.tables, byId("format").value));
byId("copy").addEventListener("click", copyCode);
followSession(async (session) => {
  labs = session.labs_url;
  await Promise.all([readTables(), jobs.of(session.user), writeCode()]);
}).catch((error) => (byId("who").textContent = error.message));
