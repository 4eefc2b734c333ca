// Keeps the operator's page current: anything told live asks for the page's changing part anew, at most twice a second.
"use strict";

const overview = document.getElementById("overview");
const link = document.getElementById("link");
const linkText = document.getElementById("link-text");
const PAUSE_MS = 500;
let waiting = false;
let asking = false;

function show(state, text) {
  link.dataset.state = state;
  if (linkText.textContent !== text) linkText.textContent = text;
}

async function refresh() {
  if (asking) { waiting = true; return; }
  asking = true;
  waiting = false;
  try {
    const answer = await fetch("/overview", { cache: "no-store" });
    if (answer.ok) replace(await answer.text());
  } catch { /* the stream's own error shows that the fleet is away */ }
  setTimeout(() => { asking = false; if (waiting) refresh(); }, PAUSE_MS);
}

function replace(html) {
  const known = new Set([...overview.querySelectorAll("[data-key]")].map((row) => row.dataset.key));
  overview.innerHTML = html;
  if (!known.size) return;
  for (const row of overview.querySelectorAll("[data-key]")) {
    if (!known.has(row.dataset.key)) row.classList.add("new");
  }
}

function span(ms) {
  const seconds = ms / 1000;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${(seconds / 3600).toFixed(1)} h` : `${Math.round(seconds / 86400)} days`;
}

function age() {
  for (const time of overview.querySelectorAll("time[data-ms]")) {
    const passed = Math.max(0, Date.now() - Number(time.dataset.ms));
    time.textContent = passed < 2000 ? "now" : `${span(passed)} ago`;
  }
}

const live = new EventSource("/api/live");
live.onopen = () => { show("on", "live"); refresh(); };
live.onerror = () => show("off", "reconnecting");
for (const name of ["event", "state", "health", "poison", "charge", "order", "missed"]) {
  live.addEventListener(name, refresh);
}
setInterval(age, 5000);
setInterval(refresh, 15000); // what waits too long needs a person without anything happening
