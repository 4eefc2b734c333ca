// Keeps the list current, unless somebody is typing into it.
"use strict";

const list = document.getElementById("list");
const PAUSE_MS = 1000;
const BEAT_MS = 5000;
let asking = false;
let waiting = false;

function busy() {
  const typed = [...list.querySelectorAll("input:not([type=hidden])")].some(field => field.checked || field.value !== field.defaultValue);
  return typed || (list.contains(document.activeElement) && document.activeElement.tagName === "INPUT");
}

async function refresh() {
  if (asking) { waiting = true; return; }
  asking = true;
  waiting = false;
  try {
    const answer = await fetch("/enrolment?part=list", { cache: "no-store" });
    const html = answer.ok ? await answer.text() : "";
    if (html && !busy()) list.innerHTML = html;
  } catch { /* the fleet is away: the list stays */ }
  setTimeout(() => { asking = false; if (waiting) refresh(); }, PAUSE_MS);
}

const live = new EventSource("/api/live");
for (const name of ["enrolment", "clone", "missed"]) live.addEventListener(name, refresh);
setInterval(refresh, BEAT_MS); // a kiosk that asks tells nobody
