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

// Places in a picture: a tap ticks the box of the place, and ticked boxes stand out.
for (const task of document.querySelectorAll("[data-spot]")) {
  task.classList.add("taps");
  for (const place of task.querySelectorAll("[data-place]")) {
    const box = task.querySelector(`#answer-${place.dataset.place}`);
    const show = () => place.classList.toggle("on", box.checked);
    place.addEventListener("click", () => {
      box.checked = !box.checked;
      show();
    });
    box.addEventListener("change", show);
    show();
  }
}

// A day: tap a job, then a time. What the lists beside the jobs say is shown in the day.
for (const task of document.querySelectorAll("[data-day]")) {
  const lines = [...task.querySelectorAll(".jobs .line")];
  const list = (line) => line.querySelector("select");
  const pick = (line) => lines.forEach((one) => one.classList.toggle("picked", one === line));
  const show = () => {
    for (const slot of task.querySelectorAll("[data-slot]:not(.fixed)")) {
      const there = lines.filter((line) => list(line).value === slot.dataset.slot);
      const words = there.map((line) => line.querySelector("label").textContent);
      slot.querySelector("span").textContent = words.join(" · ");
    }
  };
  task.classList.add("taps");
  task.querySelector("[data-tap-hint]").hidden = false;
  for (const line of lines) {
    list(line).addEventListener("change", show);
    line.querySelector("label").addEventListener("click", (event) => {
      event.preventDefault();
      pick(line.classList.contains("picked") ? null : line);
    });
  }
  for (const slot of task.querySelectorAll("[data-slot]:not(.fixed)")) {
    slot.addEventListener("click", () => {
      const picked = lines.find((line) => line.classList.contains("picked"));
      for (const line of lines) if (list(line).value === slot.dataset.slot) list(line).value = "";
      if (picked) list(picked).value = slot.dataset.slot;
      pick(null);
      show();
    });
  }
  show();
}
