// Comfort for a phone with a poor signal; every page works without it.
"use strict";
if ("serviceWorker" in navigator) navigator.serviceWorker.register("/sw.js").catch(() => {});

// A form goes out once: a second tap while the first is on its way does nothing.
const out = new WeakSet();
const unsent = document.getElementById("unsent");
let kept = null;

function sendKept() {
  if (!kept || out.has(kept.form)) return;
  const { form, button } = kept;
  kept = null;
  form.requestSubmit(button || undefined);
}

addEventListener("submit", (event) => {
  const form = event.target;
  if (out.has(form)) return event.preventDefault();
  if (!navigator.onLine && form.dataset.keep !== undefined) {
    event.preventDefault();
    kept = { form, button: event.submitter };
    if (unsent) unsent.hidden = false;
    return;
  }
  if (unsent) unsent.hidden = true;
  out.add(form);
});
addEventListener("online", sendKept);
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

// The basket's button says what is to be paid with the slot that is chosen.
const total = document.getElementById("go-total");
function sayTotal() {
  const chosen = document.querySelector("#ways input:checked");
  if (!chosen) return;
  total.textContent = chosen.closest("[data-total]").dataset.total;
  total.classList.add("told");
}
if (total) {
  addEventListener("change", sayTotal);
  addEventListener("pageshow", sayTotal); // a browser that comes back keeps the choice
}

// A page that waits for something asks again; a page that keeps something unsent sends it when there is a way.
const waits = document.querySelector("[data-waits]");
if (waits) {
  let pause = 2000;
  const look = async () => {
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (answer.ok && !page.querySelector("[data-waits]")) return location.reload();
    } catch { /* no signal: later */ }
    pause = Math.min(pause * 1.3, 30000);
    setTimeout(look, pause);
  };
  setTimeout(look, pause);
}
const again = document.querySelector("form[data-again]");
if (again) {
  const sends = !again.hidden;
  const look = async () => {
    try {
      await fetch("/offline?probe", { cache: "no-store" });
    } catch {
      return setTimeout(look, 2500);
    }
    if (!sends) location.reload();
    else if (!out.has(again)) again.requestSubmit();
  };
  if (sends || location.pathname !== "/offline") setTimeout(look, 2500);
}
