// The page: puts its parts together and runs queries. What each part does is in its own file.

import { showTables } from "/page/browser.js";
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
const jobs = new Jobs((url) => show((signal) => jobPreview(url, signal)));
const uploads = new Uploads((name) => (name && !editor.text.trim()
  ? editor.text = `SELECT *\nFROM tap_upload.${name}` : writeCode()));
let labs = null;

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

async function prepare() {
  const vocabulary = await readVocabulary();
  editor.know(vocabulary);
  showTables(vocabulary.tables, (name) => editor.insert(name), (query) => (editor.text = query));
  const examples = examplesFor(vocabulary.tables);
  byId("example").append(...examples.map(({ title }, index) => element("option", { value: index }, title)));
  byId("example").addEventListener("change", ({ target }) => {
    if (target.value === "") return;
    editor.text = examples[target.value].query;
    result.prefer(examples[target.value].plot);
  });
}

byId("client").append(...CLIENTS.map((client) => element("option", {}, client)));
byId("format").append(...FORMATS.map(({ name, format }) => element("option", { value: format }, name)));
byId("client").addEventListener("change", writeCode);
byId("run").addEventListener("click", run);
byId("run-job").addEventListener("click", runJob);
byId("download").addEventListener("click", () => download(editor.text, uploads.tables, byId("format").value));
byId("copy").addEventListener("click", copyCode);
followSession(async (session) => {
  labs = session.labs_url;
  await jobs.of(session.user);
  await writeCode();
});
prepare().catch((error) => (byId("tables-state").textContent = `The tables could not be read: ${error.message}`));
