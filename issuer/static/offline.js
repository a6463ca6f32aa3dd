// Work without a network. Every page works without this file; with it nothing is lost: words are
// kept on this device as they are typed, and an answer that cannot be sent waits here (queue.js).
import { answerOf, forgetAllOf, keep, remove, send, waitingOf, words } from "./queue.js";

const box = document.querySelector("[data-offline]");
const owner = box.dataset.owner;
const token = document.querySelector("input[name=csrf_token]").value;
const RETRY_MS = 20_000;

// --- what is typed ------------------------------------------------------------------------------

const draftKey = (name) => `m4h:${owner}:${name}`;
const drafts = () => Object.keys(localStorage).filter((key) => key.startsWith(draftKey("")));

function draftOf(name) {
  try {
    return JSON.parse(localStorage.getItem(draftKey(name)));
  } catch {
    return null;
  }
}

// What was sent is no draft any more, unless more was typed since.
function dropDraft(name, at) {
  if ((draftOf(name)?.at ?? 0) <= at) localStorage.removeItem(draftKey(name));
}

function keepDrafts(form) {
  const fields = [...form.querySelectorAll("textarea")];
  const kept = draftOf(form.dataset.draft)?.fields ?? {};
  for (const field of fields) {
    if (!kept[field.name]) continue;
    field.value = kept[field.name];
    field.closest("details")?.setAttribute("open", "");
  }
  form.addEventListener("input", () => {
    const typed = Object.fromEntries(fields.map((field) => [field.name, field.value]));
    const draft = JSON.stringify({ at: Date.now(), fields: typed });
    localStorage.setItem(draftKey(form.dataset.draft), draft);
  });
}

// --- what is sent -------------------------------------------------------------------------------

function tell(text, link) {
  const told = box.querySelector("[data-told]");
  if ([...told.children].some((line) => line.textContent.startsWith(text))) return;
  const line = document.createElement("p");
  line.textContent = text;
  if (link) {
    const back = document.createElement("a");
    [back.href, back.textContent] = [link, box.dataset.look];
    line.append(" ", back);
  }
  told.append(line);
  box.hidden = false;
}

async function showWaiting() {
  const waiting = await waitingOf(owner);
  box.querySelector("[data-waiting]").hidden = !waiting.length;
  if (waiting.length) box.hidden = false;
  return waiting;
}

// Send what waits, in order. It stops where there is no network, or nobody signed in.
async function sendWaiting() {
  const waiting = await showWaiting();
  let sent = 0;
  for (const answer of waiting) {
    let reply;
    try {
      reply = await send(answer, token);
    } catch {
      break;
    }
    if (reply.status === 401 || reply.status === 400) {
      tell(words(reply.page));
      break;
    }
    await remove(answer.key);
    if (reply.status < 400) {
      dropDraft(answer.draft, answer.at);
      sent += 1;
    } else {
      if (reply.status === 409) dropDraft(answer.draft, answer.at);
      tell(words(reply.page), answer.url.replace(/\/file$/, ""));
    }
  }
  const left = await showWaiting();
  if (sent && !left.length) tell(box.dataset.sent);
  return left;
}

let sending = Promise.resolve();
const sendInTurn = () => (sending = sending.catch(() => {}).then(sendWaiting));

function sendOnSubmit(form) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("[type=submit]:not([form])");
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    try {
      await give(form, answerOf(form, owner));
    } finally {
      button.removeAttribute("aria-busy");
      form.querySelector("[data-sending]").hidden = true;
    }
  });
}

async function give(form, answer) {
  const bar = form.querySelector("[data-sending]");
  let reply;
  try {
    reply = await send(answer, token, (part) => {
      bar.hidden = false;
      bar.value = part;
    });
  } catch {
    try {
      await keep(answer);
    } catch {
      tell(box.dataset.unkept); // a browser that keeps nothing, or a full phone
    }
    await showWaiting();
    box.scrollIntoView();
    if (await isAtHand(form.dataset.next)) location.assign(form.dataset.next);
    return;
  }
  if (reply.status < 400) {
    await remove(answer.key);
    dropDraft(answer.draft, answer.at);
    location.assign(reply.url);
    return;
  }
  const place = document.querySelector("[data-refused]");
  place.textContent = words(reply.page);
  place.hidden = false;
  place.focus();
}

// --- pages to go on with ------------------------------------------------------------------------

const isAtHand = async (url) =>
  Boolean(window.caches && (await caches.match(url, { ignoreVary: true })));

async function keepPages() {
  if (!navigator.serviceWorker || !window.caches) return;
  for (const name of await caches.keys()) if (name !== `m4h ${owner}`) await caches.delete(name);
  const pages = document.querySelector("[data-pages]")?.dataset.pages.split(" ");
  if (!pages) return;
  try {
    await navigator.serviceWorker.register("/me/worker.js", { scope: "/me/" });
  } catch {
    return; // no network already; the next page tries again
  }
  const ready = await navigator.serviceWorker.ready;
  ready.active.postMessage({ owner, here: location.href.split("#")[0], pages });
}

// --- going out ----------------------------------------------------------------------------------

async function forgetMe() {
  await forgetAllOf(owner);
  for (const key of drafts()) localStorage.removeItem(key);
  if (window.caches) await caches.delete(`m4h ${owner}`);
}

function askBeforeLeaving(form) {
  const question = document.querySelector("[data-leaving]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const left = await sendInTurn();
    if (left.length || drafts().length) {
      question.showModal();
      return;
    }
    await forgetMe();
    form.submit();
  });
  question.querySelector("[data-stay]").addEventListener("click", () => question.close());
  question.querySelector("[data-leave]").addEventListener("click", async () => {
    await forgetMe();
    form.submit();
  });
}

for (const form of document.querySelectorAll("form[data-draft]")) {
  keepDrafts(form);
  sendOnSubmit(form);
}
askBeforeLeaving(document.querySelector("form[data-leave-form]"));
window.addEventListener("online", sendInTurn);
setInterval(async () => (await waitingOf(owner)).length && sendInTurn(), RETRY_MS);
await sendInTurn();
await keepPages();
