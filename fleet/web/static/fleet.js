// Keeps #live current: what is told live has its part of the page asked for anew, and what differs is changed in place.
"use strict";

const part = document.getElementById("live");
const only = part.dataset.kiosk || ""; // a page about one kiosk lets the others' news pass
const PAUSE_MS = 1000;
const SHARE = 10; // an answer that took t is asked for again no sooner than after 10 t
let asking = false;
let waiting = false;

async function refresh() {
  if (asking) { waiting = true; return; }
  asking = true;
  waiting = false;
  const began = performance.now();
  try {
    const answer = await fetch(part.dataset.src, { cache: "no-store" });
    if (answer.ok) {
      const fresh = document.createElement("div");
      fresh.innerHTML = await answer.text();
      children(part, fresh);
    }
  } catch { /* the fleet is away: what is there stays */ }
  const pause = Math.max(PAUSE_MS, SHARE * (performance.now() - began));
  setTimeout(() => { asking = false; if (waiting) refresh(); }, pause);
}

function same(one, other) {
  return one.nodeType === other.nodeType && one.nodeName === other.nodeName
    && (one.nodeType !== 1 || one.dataset.key === other.dataset.key);
}

function children(old, fresh) {
  const keyed = new Map();
  for (const child of old.children) if (child.dataset.key) keyed.set(child.dataset.key, child);
  let here = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const known = wanted.nodeType === 1 && wanted.dataset.key ? keyed.get(wanted.dataset.key) : null;
    if (known && known !== here) old.insertBefore(known, here);
    const found = known || (here && same(here, wanted) ? here : null);
    if (found) {
      if (found === here) here = here.nextSibling;
      become(found, wanted);
    } else {
      old.insertBefore(wanted, here);
    }
  }
  while (here) {
    const next = here.nextSibling;
    here.remove();
    here = next;
  }
}

function become(old, fresh) {
  if (old.isEqualNode(fresh) || old.nodeName === "FORM") return; // in a form somebody may be typing
  if (old.nodeType !== 1) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !(old.nodeName === "DETAILS" && name === "open")) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  children(old, fresh);
}

function span(ms) {
  const seconds = ms / 1000;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${(seconds / 3600).toFixed(1)} h` : `${Math.round(seconds / 86400)} days`;
}

function age() {
  for (const time of part.querySelectorAll("time[data-ms]")) {
    const passed = Math.max(0, Date.now() - Number(time.dataset.ms));
    const text = passed < 2000 ? "now" : `${span(passed)} ago`;
    if (time.textContent !== text) time.textContent = text;
  }
}

const live = new EventSource("/api/live");
live.onopen = refresh;
for (const name of ["event", "state", "health", "poison", "command", "desired", "rollout", "clone", "missed"]) {
  live.addEventListener(name, (told) => {
    if (!only || name === "missed" || name === "poison" || JSON.parse(told.data).kiosk === only) refresh();
  });
}
setInterval(age, 5000);
setInterval(refresh, 15000); // silence is news too
