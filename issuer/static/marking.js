// Comfort for marking: keys, and marks saved as they are typed. Everything works without.
const form = document.querySelector("form[data-marks]");
const criteria = [...form.querySelectorAll("fieldset.criterion")];
const help = document.getElementById("keys");

const current = () => Math.max(0, criteria.findIndex((one) => one.contains(document.activeElement)));
const go = (place) => {
  const there = criteria[Math.min(Math.max(place, 0), criteria.length - 1)];
  const field = there.querySelector("input:checked") || there.querySelector("input");
  field.focus();
  there.scrollIntoView({ block: "nearest" });
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.matches("textarea, select, input[type=text]")) return;
  if (event.key === "?") help.open = !help.open;
  else if (event.key === "j") go(criteria.some((one) => one.contains(document.activeElement)) ? current() + 1 : 0);
  else if (event.key === "k") go(current() - 1);
  else if (/^[0-3]$/.test(event.key)) {
    const radio = criteria[current()].querySelector(`input[value="${event.key}"]`);
    if (!radio) return;
    radio.checked = true;
    radio.focus();
    form.dispatchEvent(new Event("input"));
  } else return;
  event.preventDefault();
});

// What is said of saving is true of all that is on the page: nothing while something waits to be
// saved. One after the other, so that an older state never arrives last.
let waiting = 0;
let saving = Promise.resolve();
const state = document.getElementById("saved-state");

async function save(turn) {
  let said = state.dataset.unsaved;
  try {
    const answer = await fetch(form.dataset.marks, { method: "POST", body: new FormData(form), redirect: "manual" });
    if (answer.type === "opaqueredirect" || answer.ok) said = state.dataset.saved;
  } catch { /* no network now */ }
  if (turn === waiting) state.textContent = said;
}

form.addEventListener("input", () => {
  clearTimeout(waiting);
  state.textContent = "";
  const turn = setTimeout(() => (saving = saving.then(() => save(turn))), 1500);
  waiting = turn;
});
form.addEventListener("submit", () => clearTimeout(waiting));
