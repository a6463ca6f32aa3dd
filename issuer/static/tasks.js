// Comfort for forms that must not lose anything: what is typed is kept on this device until sent.
for (const form of document.querySelectorAll("form[data-keep]")) {
  const key = `m4h:${form.dataset.keep}`;
  const fields = () => [...form.querySelectorAll("textarea")];
  try {
    const kept = JSON.parse(localStorage.getItem(key) || "{}");
    for (const field of fields()) if (!field.value && kept[field.name]) field.value = kept[field.name];
  } catch { localStorage.removeItem(key); }
  form.addEventListener("input", () => {
    localStorage.setItem(key, JSON.stringify(Object.fromEntries(fields().map((f) => [f.name, f.value]))));
  });
  form.addEventListener("submit", () => localStorage.removeItem(key));
}

// Order tasks: tap the lines one after the other; the numbers fill themselves.
for (const list of document.querySelectorAll("[data-order]")) {
  for (const line of list.querySelectorAll(".line")) {
    line.querySelector("label").addEventListener("click", (event) => {
      event.preventDefault();
      const selects = [...list.querySelectorAll("select")];
      const own = line.querySelector("select");
      if (own.value) {
        own.value = "";
        return;
      }
      const taken = new Set(selects.map((select) => select.value));
      own.value = String(selects.map((_, place) => place + 1).find((n) => !taken.has(String(n))));
    });
  }
}
