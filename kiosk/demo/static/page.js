"use strict";
// The demo page: clicks become touches, buttons become commands, the stream becomes a list. No library.
const $ = (selector) => document.querySelector(selector);
const post = (path, body) =>
  fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

// --- the glass ---
const screen = $("#screen");
let finger = false;
let lastMove = 0;
let sent = Promise.resolve(); // one touch after the other: two connections could bring "up" before its "down"
const touch = (kind, event) => {
  if (!screen.naturalWidth) return; // no picture yet: nothing to point at
  const box = screen.getBoundingClientRect();
  const style = getComputedStyle(screen);
  const edge = parseFloat(style.borderLeftWidth);
  const inner = { width: box.width - 2 * edge, height: box.height - 2 * edge };
  const ratio = screen.naturalWidth / screen.naturalHeight;
  const drawn = inner.width / inner.height > ratio
    ? { width: inner.height * ratio, height: inner.height } : { width: inner.width, height: inner.width / ratio };
  const x = (event.clientX - box.left - edge - (inner.width - drawn.width) / 2) / drawn.width;
  const y = (event.clientY - box.top - edge - (inner.height - drawn.height) / 2) / drawn.height;
  sent = sent.then(() => post("/touch", { touch: kind, x, y })).catch(() => {});
};
screen.addEventListener("pointerdown", (event) => {
  finger = true;
  screen.setPointerCapture(event.pointerId);
  touch("down", event);
});
screen.addEventListener("pointermove", (event) => {
  if (!finger || event.timeStamp - lastMove < 16) return;
  lastMove = event.timeStamp;
  touch("move", event);
});
for (const name of ["pointerup", "pointercancel"]) {
  screen.addEventListener(name, (event) => { if (finger) { finger = false; touch("up", event); } });
}
// After the page has loaded: a browser that waits for an endless picture shows its page as loading for ever.
addEventListener("load", () => setTimeout(() => { screen.src = "/screen"; }));
screen.addEventListener("error", () => setTimeout(() => { screen.src = `/screen?${Date.now()}`; }, 500));

// --- commands ---
const told = $("#told");
const run = async (command) => {
  const answer = await post("/do", command).catch(() => null);
  told.hidden = false;
  told.textContent = answer?.ok ? (await answer.json()).told : "The demo did not take that.";
  refresh();
};
document.querySelectorAll("[data-do]").forEach((button) =>
  button.addEventListener("click", () => run(JSON.parse(button.dataset.do))));
document.querySelectorAll("[data-plug]").forEach((button) =>
  button.addEventListener("click", () =>
    run({ do: "plug", name: button.dataset.plug, connected: button.dataset.connected === "no" ? "yes" : "no" })));
$("#scan").addEventListener("submit", (event) => {
  event.preventDefault();
  run({ do: "scan", text: event.target.text.value });
});
$("#scan-any").addEventListener("click", () => {
  const all = [...$("#samples").options];
  const one = all[Math.floor(Math.random() * all.length)];
  if (one) { $("#scan").text.value = one.value; run({ do: "scan", text: one.value }); }
});
const listCodes = (codes) => $("#codes").replaceChildren(...codes.map(({ text, title, href }) => {
  const item = document.createElement("li");
  const link = document.createElement(href ? "a" : "b");
  if (href) Object.assign(link, { href, target: "_blank", rel: "noopener" });
  link.textContent = title;
  item.append(link, Object.assign(document.createElement("code"), { textContent: text }));
  return item;
}));
$("#read-codes").addEventListener("click", async () => {
  const codes = await fetch("/read").then((answer) => answer.json()).catch(() => []);
  listCodes(codes);
  if (!codes.length) $("#codes").textContent = "None can be read on this screen: open the shelves or a payment.";
});
$("#tap-phone").addEventListener("click", async () => {
  const page = await post("/tap", {}).then((answer) => answer.json()).catch(() => null);
  if (!page?.text) {
    $("#codes").textContent = "The phone gets nothing: while somebody pays, the reader waits for a card; unplugged it feels nothing.";
    return;
  }
  listCodes([page]);
  window.open(page.href, "endcap-phone"); // where the browser lets it; the link stands there anyhow
});

// --- facts ---
let known = false;
async function refresh() {
  let facts;
  try { facts = await (await fetch("/facts")).json(); } catch { return; }
  for (const [name, state] of Object.entries(facts.state)) {
    const place = $(`[data-state="${name}"]`);
    if (place) {
      place.textContent = state;
      place.className = `state ${/unplugged|out|open|starting|lost/.test(state) ? "bad" : "good"}`;
    }
    const plug = $(`[data-plug="${name}"]`);
    if (plug) {
      plug.dataset.connected = state === "unplugged" ? "no" : "yes";
      plug.textContent = state === "unplugged" ? "Plug it in" : "Pull the plug";
    }
  }
  const receipt = $("#receipt");
  receipt.hidden = !facts.receipt;
  receipt.textContent = facts.receipt || "";
  if (known) return;
  known = true;
  $("#links").replaceChildren(...Object.entries(facts.links).map(([name, href]) => {
    const link = document.createElement("a");
    Object.assign(link, { textContent: name, href, target: "_blank" });
    return link;
  }));
  $("#samples").replaceChildren(...facts.samples.map(([value, label]) => Object.assign(document.createElement("option"), { value, label })));
  $("#cards").replaceChildren(...facts.cards.map((card) => {
    const button = Object.assign(document.createElement("button"), { textContent: `Tap “${card}”` });
    button.addEventListener("click", () => run({ do: "tap", card }));
    return button;
  }));
}
refresh();
setInterval(refresh, 2000);

// --- what the fleet hears ---
const news = $("#news");
new EventSource("/events").addEventListener("message", (message) => {
  const { kind, title, detail } = JSON.parse(message.data);
  const item = document.createElement("li");
  item.className = kind;
  item.append(Object.assign(document.createElement("b"), { textContent: title }),
    Object.assign(document.createElement("span"), { textContent: detail }));
  news.prepend(item);
  while (news.children.length > 60) news.lastChild.remove();
  refresh();
});
