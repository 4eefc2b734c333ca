// Keeps what somebody has seen, and what they sent while there was no signal. An enhancement: without it the browser's
// own "send again" does the same.
"use strict";
const SHELL = "shell-{{ version }}";
const PAGES = "pages-1";
const PICTURES = "pictures-1";
const FILES = {{ files | tojson }};
const MOST = { [PAGES]: 60, [PICTURES]: 120 };
const WAIT_MS = 6000;

addEventListener("install", (event) => {
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll(FILES)).then(() => skipWaiting()));
});
addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (![SHELL, PAGES, PICTURES].includes(name)) await caches.delete(name);
    await clients.claim();
  })());
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.mode === "navigate") {
    event.respondWith(request.method === "POST" ? sent(request, url) : seen(request, url));
  } else if (request.method === "GET" && url.pathname.startsWith("/static/")) {
    event.respondWith(kept(request, SHELL));
  } else if (request.method === "GET" && url.pathname.startsWith("/picture/")) {
    event.respondWith(kept(request, PICTURES));
  }
});

async function kept(request, name) {
  const cache = await caches.open(name);
  const found = await cache.match(request);
  if (found) return found;
  const answer = await fetch(request);
  if (answer.ok) await keep(cache, name, request, answer.clone());
  return answer;
}

async function keep(cache, name, request, answer) {
  await cache.put(request, answer);
  const most = MOST[name];
  if (!most) return;
  const keys = await cache.keys();
  for (const old of keys.slice(0, Math.max(0, keys.length - most))) await cache.delete(old);
}

// A page: from the network, else as it was when it was last seen, with a word that it is old.
async function seen(request, url) {
  const cache = await caches.open(PAGES);
  const network = fetch(request).then(async (answer) => {
    const secret = (answer.headers.get("cache-control") || "").includes("no-store"); // pages of staff
    if (answer.ok && !secret && answer.type === "basic" && (answer.headers.get("content-type") || "").startsWith("text/html")) {
      await keep(cache, PAGES, request.url, answer.clone());
    }
    return answer;
  });
  const old = await cache.match(request.url) || await cache.match(request.url, { ignoreSearch: true });
  if (!old) return network.catch(() => offline(url));
  const late = new Promise((done) => setTimeout(done, WAIT_MS, null));
  const answer = await Promise.race([network.catch(() => null), late]);
  return answer || stale(old);
}

async function stale(answer) {
  const text = (await answer.text()).replace('id="stale" hidden', 'id="stale"');
  return new Response(text, { headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": answer.headers.get("content-security-policy") || "" } });
}

// A form: sent, else kept on a page that sends it again, once. What it makes is known by the number it brings.
async function sent(request, url) {
  const body = request.clone().text();
  try {
    return await fetch(request);
  } catch {
    return offline(url, new URLSearchParams(await body));
  }
}

async function offline(url, fields) {
  const language = url.searchParams.get("lang") || "{{ language }}";
  const shell = await caches.open(SHELL);
  const answer = await shell.match(`/offline?lang=${language}`) || await shell.match("/offline?lang={{ language }}");
  let text = await answer.text();
  if (fields) {
    const inputs = [...fields].map(([name, value]) => `<input type="hidden" name="${safe(name)}" value="${safe(value)}">`);
    text = text.replace("<!--kept-->", inputs.join("")).replace('action="#again"', `action="${safe(url.pathname + url.search)}"`)
      .replace('id="kept" hidden', 'id="kept"').replace('id="lost"', 'id="lost" hidden');
  }
  return new Response(text, { headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": answer.headers.get("content-security-policy") || "" } });
}

const safe = (text) => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
