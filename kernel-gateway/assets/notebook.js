// Makes a notebook of the code after the # of the address, in the lab of whoever is signed in, and goes there.
// The code is shown first: any page can link here, and only the reader knows whether it is what they wanted.
"use strict";

const code = decodeURIComponent(location.hash.slice(1));
const button = document.getElementById("create");
const state = document.getElementById("state");

document.getElementById("code").textContent = code;
button.disabled = code === "";
if (code === "") state.textContent = "No code came with the link: go back to the catalogue, and follow it again.";

/** Waits until the lab answers; starts it if need be. */
async function labIsReady() {
  await fetch("/lab", { redirect: "manual" });
  await new Promise((ready, failed) => {
    const events = new EventSource("/lab/progress");
    events.addEventListener("ready", () => (events.close(), ready()));
    events.addEventListener("failed", (event) => (events.close(), failed(new Error(JSON.parse(event.data).reason))));
  });
}

function notebook() {
  const cell = { cell_type: "code", id: "query", metadata: {}, outputs: [], execution_count: null, source: code };
  const kernel = { name: "python3", display_name: "Python 3 (ipykernel)", language: "python" };
  return { nbformat: 4, nbformat_minor: 5, metadata: { kernelspec: kernel }, cells: [cell] };
}

/** Writes it through the lab's own interface (`PUT /api/contents`), under a name that is free. */
async function create() {
  const base = `/user/${button.dataset.user}`;
  const name = `query-${new Date().toISOString().slice(0, 19).replace("T", "-").replaceAll(":", "")}.ipynb`;
  const [, xsrf] = /(?:^|; )_xsrf=([^;]*)/.exec(document.cookie) ?? [];
  const answer = await fetch(`${base}/api/contents/${name}`, {
    method: "PUT",
    headers: { "Content-Type": "application/json", "X-XSRFToken": xsrf ?? "" },
    body: JSON.stringify({ type: "notebook", format: "json", content: notebook() }),
  });
  if (!answer.ok) throw new Error(`the lab did not take the notebook (${answer.status}): try again`);
  location.assign(`${base}/lab/tree/${name}`);
}

button.addEventListener("click", async () => {
  button.disabled = true;
  state.textContent = "Starting your lab …";
  try {
    await labIsReady();
    state.textContent = "Writing the notebook …";
    await create();
  } catch (error) {
    state.textContent = error.message;
    button.disabled = false;
  }
});
