// Follows a lab's start on /lab/progress and goes to the lab once it is ready.
"use strict";

const steps = document.getElementById("steps");
const events = new EventSource("/lab/progress");

function mark(current) {
  let state = "done";
  for (const item of steps.children) {
    if (item.dataset.step === current) state = current === "ready" ? "done" : "now";
    item.className = state;
    if (state === "now") item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
    if (item.dataset.step === current) state = "later";
  }
}

events.addEventListener("step", (event) => {
  const { step, message } = JSON.parse(event.data);
  mark(step);
  document.getElementById("message").textContent = message;
});

events.addEventListener("ready", () => {
  events.close();
  mark("ready");
  location.replace(steps.dataset.destination);
});

events.addEventListener("failed", (event) => {
  events.close();
  const failure = JSON.parse(event.data);
  document.querySelector("h1").textContent = "Your lab did not start";
  document.getElementById("reason").textContent = failure.reason;
  document.getElementById("log").textContent = failure.log;
  document.getElementById("log").hidden = failure.log === "";
  document.getElementById("failure").hidden = false;
  steps.hidden = true;
});
