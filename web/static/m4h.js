// Comfort only: every page works without this file.

// What is read aloud of a part of the page: pieces of words, each with its own language, so that
// a French badge on an Arabic page is read by a French voice.
function pieces(part) {
  if (part.dataset.speak) return [[part.closest("[lang]").lang, part.dataset.speak]];
  const found = [];
  const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode()); ) {
    const around = node.parentElement;
    if (!node.data.trim() || around.closest("[aria-hidden], script, template")) continue;
    if (around.checkVisibility && !around.checkVisibility()) continue;
    const language = around.closest("[lang]").lang;
    const last = found[found.length - 1];
    if (last && last[0] === language) last[1] += ` ${node.data.trim()}`;
    else found.push([language, node.data.trim()]);
  }
  return found;
}

// "Listen" reads the page aloud with the phone's own voices.
const listen = document.querySelector("[data-listen]");
if (listen && "speechSynthesis" in window) {
  listen.hidden = false;
  listen.addEventListener("click", () => {
    if (speechSynthesis.speaking) {
      speechSynthesis.cancel();
      return;
    }
    const parts = document.querySelectorAll("[data-speak]");
    for (const part of parts.length ? parts : [document.querySelector("main")]) {
      for (const [language, text] of pieces(part)) {
        const words = new SpeechSynthesisUtterance(text);
        words.lang = language;
        speechSynthesis.speak(words);
      }
    }
  });
  window.addEventListener("pagehide", () => speechSynthesis.cancel());
}

// A button with data-say="..." says one phrase, in the language of its lang attribute.
for (const button of document.querySelectorAll("[data-say]")) {
  if (!("speechSynthesis" in window)) continue;
  button.hidden = false;
  button.addEventListener("click", () => {
    speechSynthesis.cancel();
    const words = new SpeechSynthesisUtterance(button.dataset.say);
    words.lang = button.closest("[lang]").lang;
    words.rate = 0.9;
    speechSynthesis.speak(words);
  });
}

// A button with data-copy="#id" copies the text of that element or field.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.querySelector(button.dataset.copy);
    await navigator.clipboard.writeText(source.value ?? source.textContent.trim());
    button.textContent = button.dataset.copied || button.textContent;
  });
}

// A button with data-print prints the page.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// Links that look like buttons also answer to the space bar, as buttons do.
for (const link of document.querySelectorAll("a[role=button]")) {
  link.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    link.click();
  });
}
