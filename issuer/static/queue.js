// Answers that wait on this device for a network. Each belongs to one person and is never shown to,
// counted for or sent by another who uses the same phone.

const STORE = "answers";
const KEPT_DAYS = 60; // as long as a draft lives at the centre

let opened;

function database() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("m4h", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "key" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

async function store(mode, act) {
  const transaction = (await database()).transaction(STORE, mode);
  const request = act(transaction.objectStore(STORE));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}

// An answer as it can wait: where it goes, what it says, when it was given. Given again, it replaces
// the one that waits; the two halves of a task have other fields, and both wait.
export function answerOf(form, owner) {
  const fields = [...new FormData(form)].filter(
    ([name, value]) => name !== "csrf_token" && !(value instanceof File && value.size === 0),
  );
  const names = fields.map(([name]) => name).sort().join(" ");
  const url = new URL(form.action).pathname;
  return { key: `${owner} ${url} ${names}`, owner, url, fields, at: Date.now(), draft: form.dataset.draft };
}

export const keep = (answer) => store("readwrite", (answers) => answers.put(answer));
export const remove = (key) => store("readwrite", (answers) => answers.delete(key));

// The answers of one person that wait, in the order in which they were given.
export async function waitingOf(owner) {
  const all = await store("readonly", (answers) => answers.getAll());
  const tooOld = Date.now() - KEPT_DAYS * 86_400_000;
  for (const answer of all) if (answer.at < tooOld) await remove(answer.key);
  return all.filter((one) => one.owner === owner && one.at >= tooOld).sort((a, b) => a.at - b.at);
}

export async function forgetAllOf(owner) {
  for (const answer of await waitingOf(owner)) await remove(answer.key);
}

// Send an answer; rejects when there is no network, or nobody at its other end. Its age is told
// instead of its time: the clock of a phone may be wrong.
export function send(answer, token, progress = () => {}) {
  const body = new FormData();
  for (const [name, value] of answer.fields) body.append(name, value);
  body.append("csrf_token", token);
  body.append("ago", Math.max(0, Math.round((Date.now() - answer.at) / 1000)));
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch does not tell how far an upload is
    request.open("POST", answer.url);
    request.responseType = "document";
    request.upload.onprogress = (event) => progress(event.loaded / event.total);
    request.onload = () => {
      if (request.status >= 500 || request.status === 429) reject(new Error(request.statusText));
      else resolve({ status: request.status, url: request.responseURL, page: request.response });
    };
    request.onerror = () => reject(new Error("no network"));
    request.send(body);
  });
}

// What a page that refuses something says, in the reader's language.
export function words(page) {
  const found = page?.querySelector("[role=alert] li, [role=alert] p, main h1");
  return found ? found.innerText ?? found.textContent.trim() : "";
}
