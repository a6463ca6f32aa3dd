// Dragging, beside tapping and choosing: with a mouse, a pen or a finger, at grips that this file
// adds. The lists stay what is sent, and what keyboards and screen readers use.
//
// What is seen under the finger is where it lands. So the page moves along only where somebody
// waits at its edge, slowly at first; a slot there does not slide away from a finger that has come
// to it. Another finger that touches the screen, or a long press, does not end it.
const EDGE = 48; // nearer to the edge than this, in pixels, the page moves along
const WAIT = 250; // milliseconds at the edge before it begins to
const FASTEST = 0.7; // pixels a millisecond, at the very edge
const STILL_A_TAP = { mouse: 6, pen: 10, touch: 14 }; // pixels; fingers are unsteady

const root = document.documentElement;

function follow(grip, thing, { over, drop, holds = () => false, sideways = false }) {
  grip.addEventListener("pointerdown", (down) => {
    if (down.button || root.classList.contains("dragging")) return;
    down.preventDefault();
    grip.setPointerCapture(down.pointerId);
    const at = { x: down.clientX, y: down.clientY };
    const start = { ...at };
    const home = thing.getBoundingClientRect();
    const by = { x: 0, y: 0 };
    let frame = 0;
    let moved = false;
    let left = false; // the edge; where it began there, the page stands still until then
    let since = 0; // when it came to the edge
    let before = 0; // the frame before
    const under = () => document.elementFromPoint(at.x, at.y);
    const place = () => {
      const box = thing.getBoundingClientRect();
      if (sideways) by.x += at.x - start.x + home.left - box.left;
      by.y += at.y - start.y + home.top - box.top;
      thing.style.transform = `translate(${by.x}px, ${by.y}px)`;
      over(under(), at);
    };
    const along = (now) => {
      const inside = Math.min(at.y, innerHeight - at.y); // pixels from the nearer edge
      const near = inside < EDGE && !holds(under(), at, inside);
      left ||= inside >= EDGE;
      if (!near) since = now;
      if (near && left && now - since > WAIT) {
        const speed = FASTEST * Math.min(1, Math.max(0.15, 1 - inside / EDGE));
        const step = speed * Math.min(now - before, 50);
        scrollBy({ top: at.y < innerHeight / 2 ? -step : step, behavior: "instant" });
        place();
      }
      before = now;
      frame = requestAnimationFrame(along);
    };
    const move = (event) => {
      if (event.pointerId !== down.pointerId) return;
      [at.x, at.y] = [event.clientX, event.clientY];
      const far = Math.hypot(at.x - start.x, at.y - start.y);
      if (!moved && far < (STILL_A_TAP[down.pointerType] ?? STILL_A_TAP.touch)) return;
      if (!moved) {
        moved = true;
        thing.classList.add("dragged");
        since = before = performance.now();
        frame = requestAnimationFrame(along);
      }
      place();
    };
    const end = (event) => {
      if (event.pointerId !== undefined && event.pointerId !== down.pointerId) return;
      if (event.key !== undefined && event.key !== "Escape") return;
      stop.abort();
      cancelAnimationFrame(frame);
      root.classList.remove("dragging");
      if (event.type === "pointerup") [at.x, at.y] = [event.clientX, event.clientY];
      const target = moved ? under() : null;
      thing.classList.remove("dragged");
      thing.style.transform = "";
      over(null, at);
      if (!moved) return;
      // What was let go of was not tapped: the click that follows means nothing.
      addEventListener("click", swallow, { capture: true, once: true });
      setTimeout(() => removeEventListener("click", swallow, { capture: true }), 0);
      if (event.type === "pointerup") drop(target, at);
    };
    const stop = new AbortController();
    const { signal } = stop;
    root.classList.add("dragging");
    grip.addEventListener("pointermove", move, { signal });
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
      grip.addEventListener(name, end, { signal });
    }
    addEventListener("contextmenu", (event) => event.preventDefault(), { signal });
    addEventListener("keydown", end, { signal });
  });
}

function swallow(event) {
  event.preventDefault();
  event.stopPropagation();
}

function gripOf(line) {
  const grip = document.createElement("span");
  grip.className = "grip";
  grip.setAttribute("aria-hidden", "true");
  line.querySelector("label").prepend(grip);
  return grip;
}

function choose(list, value) {
  list.value = value;
  list.dispatchEvent(new Event("change", { bubbles: true }));
}

const mark = (name, target, all) => all.forEach((one) => one.classList.toggle(name, one === target));

// Order: a line goes where it is let go of, and the numbers follow. Where not every line is needed,
// only the dragged one joins those that have a number.
for (const list of document.querySelectorAll("[data-order]")) {
  const lines = () => [...list.querySelectorAll(":scope > .line")];
  const number = (line) => Number(line.querySelector("select").value) || Infinity;
  const below = (line, at) =>
    lines().find((one) => {
      const box = one.getBoundingClientRect();
      return one !== line && at.y < box.top + box.height / 2;
    });
  for (const line of lines()) {
    follow(gripOf(line), line, {
      over: (target, at) => {
        const next = target && below(line, at);
        mark("drop-before", next, lines());
        list.classList.toggle("drop-last", Boolean(target) && !next);
      },
      drop: (_target, at) => {
        const next = below(line, at);
        if (lines().some((one) => number(one) < Infinity)) {
          const sorted = lines().sort((one, other) => number(one) - number(other) || 0);
          if (sorted.some((one, place) => one !== lines()[place])) list.append(...sorted);
        }
        list.insertBefore(line, next ?? null);
        const all = line.querySelector("select").required;
        const counted = lines().filter((one) => all || one === line || number(one) < Infinity);
        counted.forEach((one, place) => choose(one.querySelector("select"), String(place + 1)));
      },
    });
  }
}

// A day: a job goes to the time that it is let go of at. A finger is broad, so the time whose border
// is next to it counts too.
const BROAD = 10;

for (const task of document.querySelectorAll("[data-day]")) {
  const slots = [...task.querySelectorAll("[data-slot]:not(.fixed)")];
  const lines = [...task.querySelectorAll(".jobs .line")];
  const slotAt = (target, at) => {
    const slot = target?.closest("[data-slot]:not(.fixed)");
    if (slot && task.contains(slot)) return slot;
    return slots.find((one) => {
      const box = one.getBoundingClientRect();
      const beside = at.x > box.left - BROAD && at.x < box.right + BROAD;
      return beside && at.y > box.top - BROAD && at.y < box.bottom + BROAD;
    });
  };
  for (const line of lines) {
    follow(gripOf(line), line, {
      over: (target, at) => mark("drop-here", target ? slotAt(target, at) : null, slots),
      // A time stays under the finger that came to it, except at the very edge.
      holds: (target, at, inside) => inside > BROAD && Boolean(target && slotAt(target, at)),
      drop: (target, at) => {
        const slot = slotAt(target, at);
        if (!slot) return;
        for (const one of lines) {
          const list = one.querySelector("select");
          if (one !== line && list.value === slot.dataset.slot) choose(list, "");
        }
        choose(line.querySelector("select"), slot.dataset.slot);
      },
    });
  }
}

// Pairs: what can be chosen lies below the lines, to be taken there; a tap and a tap do the same.
for (const list of document.querySelectorAll(".match:not(.jobs)")) {
  const lines = [...list.querySelectorAll(".line")];
  const tray = document.createElement("div");
  tray.className = "tray";
  tray.setAttribute("aria-hidden", "true");
  const chips = [...lines[0].querySelectorAll("select option")]
    .filter((option) => option.value)
    .map((option) => {
      const chip = document.createElement("span");
      chip.className = "chip";
      chip.textContent = option.textContent;
      chip.dataset.value = option.value;
      return chip;
    });
  const show = () => {
    const used = new Set(lines.map((line) => line.querySelector("select").value));
    for (const chip of chips) chip.classList.toggle("used", used.has(chip.dataset.value));
  };
  const put = (line, chip) => choose(line.querySelector("select"), chip.dataset.value);
  for (const chip of chips) {
    chip.addEventListener("click", () =>
      mark("picked", chip.classList.contains("picked") ? null : chip, chips),
    );
    follow(chip, chip, {
      sideways: true,
      over: (target) => mark("drop-here", target?.closest(".line"), lines),
      drop: (target) => {
        const line = target?.closest(".line");
        if (line && list.contains(line)) put(line, chip);
      },
    });
  }
  for (const line of lines) {
    line.querySelector("label").addEventListener("click", (event) => {
      const chip = chips.find((one) => one.classList.contains("picked"));
      if (!chip) return;
      event.preventDefault();
      put(line, chip);
      mark("picked", null, chips);
    });
  }
  list.addEventListener("change", show);
  tray.append(...chips);
  list.after(tray);
  show();
}
