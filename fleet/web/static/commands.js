// Keeps the list of commands current.
"use strict";

const list = document.getElementById("list");
const PAUSE_MS = 500;
let asking = false;
let waiting = false;

async function refresh() {
  if (asking) { waiting = true; return; }
  asking = true;
  waiting = false;
  try {
    const answer = await fetch(`${location.pathname}?part=list`, { cache: "no-store" });
    if (answer.ok) list.innerHTML = await answer.text();
  } catch { /* the fleet is away: the list stays */ }
  setTimeout(() => { asking = false; if (waiting) refresh(); }, PAUSE_MS);
}

const live = new EventSource("/api/live");
for (const name of ["command", "desired", "missed"]) live.addEventListener(name, refresh);
