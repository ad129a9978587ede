// The caller's jobs: phase, progress, and what can be done with each (UWS 1.1). Whoever is not signed in has no list
// on the server; this page remembers the jobs that it started, until its tab is closed.

import { byId, counted, element } from "/page/dom.js";
import { TAP, ask, askXml, saveJob } from "/page/service.js";

const STORE = "nearside-jobs";
const ACTIVE = ["QUEUED", "EXECUTING"];
/** How often running jobs are looked at. */
const LOOK_EVERY_MS = 1000;
/** Jobs on the page. */
const MOST = 50;

export class Jobs {
  #show;
  #saved;
  #timer = 0;
  #signedIn = false;

  /** `show(url)` shows the rows of a job; `saved()` is called when one became a table. */
  constructor(show, saved) {
    [this.#show, this.#saved] = [show, saved];
  }

  /** Whose jobs are listed. */
  of(user) {
    this.#signedIn = Boolean(user);
    return this.look();
  }

  /** A job that this page started. */
  add(url) {
    sessionStorage.setItem(STORE, JSON.stringify([url, ...remembered()].slice(0, MOST)));
    return this.look();
  }

  /** Reads all jobs and shows them, again and again while one is running. */
  async look() {
    clearTimeout(this.#timer);
    const jobs = (this.#signedIn ? await listed() : await each(remembered())).slice(0, MOST);
    byId("jobs").replaceChildren(...(jobs.length ? [this.#table(jobs)] : []));
    const running = jobs.filter(({ phase }) => ACTIVE.includes(phase)).length;
    say(jobs.length ? `${counted(jobs.length, "job")}, ${running} not done` : "No jobs. Run a query as a job to keep its result.");
    if (running) this.#timer = setTimeout(() => this.look(), LOOK_EVERY_MS);
  }

  #table(jobs) {
    const names = ["Query", "Phase", "Created", "What to do"];
    const heading = element("tr", {}, ...names.map((name) => element("th", { scope: "col" }, name)));
    const lines = jobs.map((job) => element("tr", { "data-job": job.id },
      element("td", {}, element("code", {}, job.query)), phasePart(job),
      element("td", {}, job.created.slice(0, 19).replace("T", " ")), element("td", {}, ...this.#actions(job))));
    return element("table", { class: "jobs" }, element("thead", {}, heading), element("tbody", {}, ...lines));
  }

  #actions(job) {
    const button = (text, act) => element("button", {
      type: "button", class: "quiet", "aria-label": `${text} job ${job.id}`, click: () => this.#after(act),
    }, text);
    const actions = [];
    if (ACTIVE.includes(job.phase)) actions.push(button("Abort", () => post(`${job.url}/phase`, "PHASE=ABORT")));
    if (job.phase === "COMPLETED" && job.type.includes("votable")) {
      actions.push(button("Show", () => this.#show(job.url)));
      if (this.#signedIn) actions.push(button("Save", () => this.#save(job)));
    }
    if (job.phase === "COMPLETED") {
      actions.push(element("a", { href: `${job.url}/results/result`, download: "" }, "Download"), " ");
    }
    return [...actions, button("Delete", () => post(job.url, "ACTION=DELETE"))];
  }

  /** Makes a table of the caller's own, which stays. */
  async #save(job) {
    const name = prompt("Keep the result as a table of yours, named:", "result")?.trim();
    if (!name) return;
    byId("jobs-told").textContent = await saveJob(job.id, name);
    this.#saved();
  }

  async #after(act) {
    byId("jobs-told").textContent = "";
    try {
      await act();
    } catch (error) {
      byId("jobs-told").textContent = error.message;
      return;
    }
    await this.look();
  }
}

function phasePart({ phase, message, seconds }) {
  const part = element("td", { class: `phase-${phase}` }, phase);
  if (phase === "EXECUTING") {
    part.append(` ${Math.round(seconds)} s `, element("progress", { "aria-label": "running" }));
  }
  if (message) part.append(element("p", { class: "problem" }, message));
  return part;
}

function post(url, body) {
  return ask(url, { method: "POST", body: new URLSearchParams(body) });
}

async function listed() {
  const document = await askXml(`${TAP}/jobs/async`);
  return [...document.documentElement.children].map((job) => read(job, `${TAP}/async/${text(job, "jobId")}`));
}

/** The remembered jobs that are still there. */
async function each(urls) {
  const found = await Promise.allSettled(urls.map(async (url) => read((await askXml(url)).documentElement, url)));
  return found.filter(({ status }) => status === "fulfilled").map(({ value }) => value);
}

function read(job, url) {
  const started = Date.parse(text(job, "startTime"));
  const result = [...job.getElementsByTagName("uws:result")][0];
  const query = [...job.getElementsByTagName("uws:parameter")].find((p) => p.getAttribute("id") === "query");
  return {
    url, id: text(job, "jobId"), phase: text(job, "phase"), created: text(job, "creationTime"),
    message: text(job, "message"), query: query?.textContent ?? "", type: result?.getAttribute("mime-type") ?? "",
    seconds: Number.isNaN(started) ? 0 : Math.max(0, (Date.now() - started) / 1000),
  };
}

function text(job, name) {
  return job.getElementsByTagName(`uws:${name}`)[0]?.textContent ?? "";
}

function remembered() {
  return JSON.parse(sessionStorage.getItem(STORE) ?? "[]");
}

function say(text) {
  if (byId("jobs-state").textContent !== text) byId("jobs-state").textContent = text;
}
