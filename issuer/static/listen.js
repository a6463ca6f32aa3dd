// Every text of a task can be heard: a button at the end of each, always at the same side.
// Nothing speaks by itself; a second tap is silence.
const texts = "main [data-speak], #answer .options label, #answer .line label";
const sample = document.querySelector("template[data-listen-button]");

for (const text of "speechSynthesis" in window ? document.querySelectorAll(texts) : []) {
  const spoken = () => text.dataset.speak || text.innerText.trim();
  if (!spoken()) continue;
  text.dataset.speak ??= ""; // so that the button for the whole page says it too
  const button = sample.content.firstElementChild.cloneNode(true);
  button.setAttribute("aria-label", `${button.getAttribute("aria-label")} ${spoken()}`);
  button.addEventListener("click", () => {
    const again = button.getAttribute("aria-pressed") === "true";
    speechSynthesis.cancel();
    if (again) return;
    const words = new SpeechSynthesisUtterance(spoken());
    words.lang = text.closest("[lang]").lang;
    words.rate = 0.9;
    words.onend = words.onerror = () => button.setAttribute("aria-pressed", "false");
    button.setAttribute("aria-pressed", "true");
    speechSynthesis.speak(words);
  });
  if (text.closest(".line")) {
    text.after(button);
    continue;
  }
  const row = document.createElement("div");
  row.className = "with-listen";
  if (text.matches("li")) {
    const words = document.createElement("span");
    words.append(...text.childNodes);
    row.append(words, button);
    text.append(row);
  } else {
    text.before(row);
    row.append(text, button);
  }
}
