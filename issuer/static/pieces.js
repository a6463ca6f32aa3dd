// Recording a voice and taking a photo, on pages whose file field works without this file. What is
// made here is put into that field, so that sending is the same.

const field = document.querySelector("input[type=file][name=file]");

function choose(file) {
  const chosen = new DataTransfer();
  if (file) chosen.items.add(file);
  field.files = chosen.files;
}

// --- a voice ------------------------------------------------------------------------------------

const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
const BITS_A_SECOND = 32_000;

function recorder(box) {
  const [record, stop, meter, heard] = ["record", "stop", "level", "heard"].map((name) =>
    box.querySelector(`[data-${name}]`),
  );
  const state = box.querySelector("[data-state]");
  const longest = Number(box.dataset.recorder) * 1000;
  const say = (name) => (state.textContent = state.dataset[name]);

  async function begin() {
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      say("refused");
      for (const other of document.querySelectorAll("[data-other-way]")) other.open = true;
      return;
    }
    const parts = [];
    const type = TYPES.find((one) => MediaRecorder.isTypeSupported(one));
    const recording = new MediaRecorder(stream, { mimeType: type, audioBitsPerSecond: BITS_A_SECOND });
    const quiet = showLevel(stream, meter);
    const full = setTimeout(() => end("full"), longest);
    let ending = "done";
    const end = (why) => {
      ending = why;
      if (recording.state !== "inactive") recording.stop();
    };
    recording.ondataavailable = (event) => parts.push(event.data);
    recording.onstop = () => {
      clearTimeout(full);
      quiet();
      for (const track of stream.getTracks()) track.stop();
      const made = new File(parts, "recording", { type: recording.mimeType });
      choose(made);
      if (heard.src) URL.revokeObjectURL(heard.src);
      heard.src = URL.createObjectURL(made);
      [record.hidden, stop.hidden, heard.hidden] = [false, true, false];
      record.textContent = record.dataset.again;
      record.focus();
      say(ending);
    };
    stop.onclick = () => end("done");
    heard.pause();
    recording.start();
    [record.hidden, stop.hidden, heard.hidden] = [true, false, true];
    stop.focus();
    say("recording");
  }

  record.addEventListener("click", begin);
  box.hidden = false;
  for (const other of document.querySelectorAll("[data-other-way]")) {
    other.open = Boolean(other.querySelector("textarea")?.value);
  }
}

// Show how loud somebody speaks; gives the way to end it.
function showLevel(stream, meter) {
  const sound = new AudioContext();
  const analyser = sound.createAnalyser();
  sound.createMediaStreamSource(stream).connect(analyser);
  const wave = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(wave);
    meter.value = Math.min(1, 2 * Math.max(...wave.map(Math.abs)));
  }, 100);
  return () => {
    clearInterval(timer);
    meter.value = 0;
    sound.close();
  };
}

// --- a photo ------------------------------------------------------------------------------------

const LONGEST_SIDE = 1600;
const QUALITY = 0.85;

function photograph(input) {
  const preview = document.querySelector("[data-preview]");
  const canvas = preview.querySelector("canvas");

  input.addEventListener("change", async () => {
    preview.hidden = true;
    const chosen = input.files[0];
    if (!chosen) return;
    let picture;
    try {
      picture = await createImageBitmap(chosen);
    } catch {
      return; // this browser cannot show it; the centre says whether it can
    }
    if (input.files[0] !== chosen) return; // meanwhile another was chosen, or none
    const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    // A small photo costs the person less; it carries no place, either.
    const small = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
    if (input.files[0] !== chosen) return;
    if (small) choose(new File([small], "photo", { type: small.type }));
    preview.hidden = false;
  });
  preview.querySelector("[data-forget]").addEventListener("click", () => {
    choose(null);
    preview.hidden = true;
    input.focus();
  });
}

for (const box of document.querySelectorAll("[data-recorder]")) {
  if (navigator.mediaDevices?.getUserMedia && window.MediaRecorder) recorder(box);
}
for (const input of document.querySelectorAll("[data-photo]")) photograph(input);
