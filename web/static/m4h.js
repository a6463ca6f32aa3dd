// Comfort only: every page works without this file.

// "Listen" reads the page aloud with the phone's own voice, in the page's language.
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
      const words = new SpeechSynthesisUtterance(part.dataset.speak || part.innerText);
      words.lang = part.closest("[lang]").lang;
      speechSynthesis.speak(words);
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
