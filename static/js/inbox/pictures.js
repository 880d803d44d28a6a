// Pictures for the next text: chosen, pasted or dropped on the composer, named and taken away again before it goes.
(() => {
  const field = () => document.getElementById("media");
  const mark = () => `gs-pictures:${document.getElementById("composer").dataset.draftKey}`;

  // A draft's words are kept, its pictures are not: that is said once, when the words come back without them.
  function missing() {
    const { dataset } = document.getElementById("composer");
    if (dataset.told) return;
    dataset.told = "true";
    let chosen = 0;
    try { chosen = Number(localStorage.getItem(mark())); } catch { /* nothing was kept */ }
    if (!chosen || field().files.length) return;
    window.gs.toast(`${chosen === 1 ? "The picture" : `The ${chosen} pictures`} you had chosen here ${chosen === 1 ? "is" : "are"} not kept with the draft. Add ${chosen === 1 ? "it" : "them"} again.`, "warning");
    localStorage.removeItem(mark());
  }

  function put(files) {
    const box = new DataTransfer();
    for (const file of files) box.items.add(file);
    field().files = box.files;
    show();
  }

  function add(files) {
    const { mostBytes, mostFiles } = field().dataset;
    const accepted = field().accept.split(",");
    const wrong = files.find((file) => !accepted.includes(file.type));
    if (wrong) { window.gs.toast(`${wrong.name} is not a JPEG, PNG or GIF picture.`, "error"); return; }
    const all = [...kept, ...files];
    if (all.length > Number(mostFiles)) { window.gs.toast(`A text takes at most ${mostFiles} pictures.`, "error"); put(kept); return; }
    if (all.reduce((sum, file) => sum + file.size, 0) > Number(mostBytes)) {
      window.gs.toast(`The pictures of one text may have ${Math.floor(mostBytes / 1048576)} MB together.`, "error");
      put(kept);
      return;
    }
    put(all);
  }

  // What the field held before somebody chose more: choosing again adds.
  let kept = [];
  function show() {
    const list = document.getElementById("chosen");
    if (!list) return;
    kept = [...field().files];
    list.replaceChildren(...kept.map(item));
    list.hidden = !kept.length;
    try {
      if (kept.length) localStorage.setItem(mark(), kept.length);
      else localStorage.removeItem(mark());
    } catch { /* then nothing is said of them either */ }
  }

  function item(file) {
    const li = document.createElement("li");
    const name = document.createElement("span");
    name.className = "truncate";
    name.textContent = file.name;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "✕";
    button.setAttribute("aria-label", `Remove ${file.name}`);
    button.addEventListener("click", () => { put(kept.filter((each) => each !== file)); document.getElementById("message").focus(); });
    li.append(name, button);
    return li;
  }

  document.addEventListener("change", (event) => {
    if (event.target.id !== "media") return;
    const chosen = [...event.target.files];
    put(kept);
    add(chosen);
  });
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files || [])].filter((file) => file.type.startsWith("image/"));
    if (event.target.id !== "message" || !files.length) return;
    event.preventDefault();
    add(files);
  });
  document.addEventListener("dragover", (event) => { if (event.target.closest?.("#composer")) event.preventDefault(); });
  document.addEventListener("drop", (event) => {
    if (!event.target.closest?.("#composer") || !event.dataTransfer.files.length) return;
    event.preventDefault();
    add([...event.dataTransfer.files]);
  });
  document.addEventListener("composer:sent", () => { if (field()) put([]); });
  // Another conversation's composer begins without any.
  document.addEventListener("htmx:afterSettle", () => { if (field()) missing(); if (field() && kept.length !== field().files.length) show(); });
  document.addEventListener("DOMContentLoaded", () => { if (field()) { missing(); show(); } });
})();
