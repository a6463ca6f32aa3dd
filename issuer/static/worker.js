// The tasks that were begun, at hand without a network. The page says which pages to keep, under
// the name of the person they belong to; the page deletes them when that person signs out, or when
// somebody else is there (offline.js). With a network, the network is always asked first.
const LIVES_MS = 12 * 3600 * 1000; // as long as somebody stays signed in
const IMPORTED = "/static/issuer/queue.js"; // no page names it
const TASK = /^\/me\/(work\/[^/]+\/tasks|pictures(\/[^/]+)?)\/[^/]+$/;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("message", (event) => {
  event.waitUntil(keep(`m4h ${event.data.owner}`, event.data.here, event.data.pages));
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const known = TASK.test(url.pathname) || url.pathname.startsWith("/static/");
  if (event.request.method === "GET" && url.origin === location.origin && known) {
    event.respondWith(fetch(event.request).catch(() => kept(event.request)));
  }
});

async function keep(name, here, pages) {
  const cache = await caches.open(name);
  for (const page of [here, ...pages]) {
    if (page !== here && (await cache.match(page))) continue;
    try {
      const answer = await fetch(page);
      if (!answer.ok || answer.redirected) continue;
      const text = await answer.clone().text();
      await cache.put(page, answer);
      for (const [, part] of text.matchAll(/(?:src|href)="(\/(?:static|me\/pictures)\/[^"]+)"/g)) {
        if (!(await cache.match(part))) await cache.add(part);
      }
    } catch {
      return; // no network now; the next page tries again
    }
  }
  if (!(await cache.match(IMPORTED))) await cache.add(IMPORTED);
}

async function kept(request) {
  const found = await caches.match(request, { ignoreVary: true });
  const age = found ? Date.now() - Date.parse(found.headers.get("Date")) : Infinity;
  return found && age < LIVES_MS ? found : Response.error();
}
