"use strict";
// A virtual list: only the cards near the screen exist, and they are reused. The quickest plain way a browser has.
const rem = innerWidth / 1080, COLS = 2, PITCH_X = 540 * rem, PITCH_Y = 484 * rem, LEFT = 0, TOP = 0;
const shelf = document.querySelector("#shelf"), rows = document.querySelector("#rows");
let count = 0, cache = new Map(), pool = [], live = new Map(), asked = new Set();
const PAGE = 60;
function fetchPage(page) {
  if (asked.has(page)) return;
  asked.add(page);
  fetch(`/facings?start=${page * PAGE}&stop=${(page + 1) * PAGE}`).then((r) => r.json()).then((items) => {
    items.forEach((item, i) => cache.set(page * PAGE + i, item));
    draw();
  });
}
function make() {
  const card = document.createElement("div");
  card.className = "card";
  card.innerHTML = '<div class="stand"><img decoding="async"></div><div class="edge"></div><h3></h3><div class="brand"></div><div class="unit"></div><div class="was"></div><div class="price"></div><div class="badge"></div><button class="add">+</button><canvas width="41" height="41"></canvas>';
  rows.append(card);
  return card;
}
function fill(card, item) {
  const [stand, , h3, brand, unit, was, price, badge, , canvas] = card.children, img = stand.firstChild;
  img.src = item.picture; h3.textContent = item.name; brand.textContent = item.brand; unit.textContent = item.unit; was.textContent = item.was;
  price.textContent = item.price; badge.textContent = item.badge; badge.style.display = item.badge ? "" : "none";
  canvas.width = canvas.height = item.side;
  const context = canvas.getContext("2d"), data = context.createImageData(item.side, item.side);
  for (let i = 0; i < item.qr.length; i++) { data.data.fill(item.qr[i] === "1" ? 0 : 255, i * 4, i * 4 + 3); data.data[i * 4 + 3] = 255; }
  context.putImageData(data, 0, 0);
}
function draw() {
  const first = Math.max(0, Math.floor(shelf.scrollTop / PITCH_Y) - 1) * COLS;
  const last = Math.min(count, (Math.ceil((shelf.scrollTop + shelf.clientHeight) / PITCH_Y) + 1) * COLS);
  for (const [index, card] of live) if (index < first || index >= last) { live.delete(index); pool.push(card); }
  for (let index = first; index < last; index++) {
    fetchPage(Math.floor(index / PAGE));
    if (live.has(index) || !cache.has(index)) continue;
    const card = pool.pop() || make();
    live.set(index, card);
    card.style.transform = `translate(${LEFT + (index % COLS) * PITCH_X}px, ${TOP + Math.floor(index / COLS) * PITCH_Y}px)`;
    fill(card, cache.get(index));
  }
}
shelf.addEventListener("scroll", draw, { passive: true });
fetch("/shop").then((r) => r.json()).then((shop) => {
  count = shop.count;
  document.querySelector("#title").textContent = shop.title;
  document.querySelector("#aisles").append(...shop.aisles.map((name) => Object.assign(document.createElement("span"), { textContent: name })));
  rows.style.height = `${Math.ceil(count / COLS) * PITCH_Y}px`;
  draw();
});
// The server says "scroll": move 1200 panel pixels a second in step with the frames, tell the intervals.
new EventSource("/commands").addEventListener("message", (message) => {
  const seconds = parseFloat(message.data), speed = 1200 * rem, intervals = [];
  let start, last;
  const step = (now) => {
    if (start === undefined) start = last = now; else { intervals.push(now - last); shelf.scrollTop += (now - last) / 1000 * speed; last = now; }
    if (now - start < seconds * 1000) requestAnimationFrame(step);
    else fetch("/scrolled", { method: "POST", body: JSON.stringify(intervals) });
  };
  requestAnimationFrame(step);
});
