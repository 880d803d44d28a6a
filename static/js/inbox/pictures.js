// Pictures for the next text: chosen, pasted or dropped on the composer, shown and taken away again before it goes. Like
// the words they are kept for whoever chose them, in this browser, until they are sent.
(() => {
  const DAY_MS = 24 * 3600 * 1000;
  const MOST_DAYS = 7;
  const field = () => document.getElementById("media");
  const key = () => document.getElementById("composer").dataset.draftKey;
  const tabs = new BroadcastChannel("gs-pictures");
  // What the browser does not hold yet, or had no room for: leaving the page would lose it.
  let unkept = null;

  const opened = () => new Promise((done, failed) => {
    const asked = indexedDB.open("gs-pictures", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("chosen");
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
  async function held(mode, act) {
    const base = await opened();
    try {
      return await new Promise((done, failed) => {
        const change = base.transaction("chosen", mode);
        const asked = act(change.objectStore("chosen"));
        change.oncomplete = () => done(asked.result);
        change.onabort = () => failed(change.error);
      });
    } finally { base.close(); }
  }

  async function keep(files) {
    const of = key();
    const change = {};
    unkept = change;
    if (files.length) waiting.add(of);
    else waiting.delete(of);
    mark();
    try {
      await held("readwrite", (chosen) => (files.length ? chosen.put({ files, at: Date.now() }, of) : chosen.delete(of)));
    } catch {
      return;
    }
    if (unkept === change) unkept = null;
  }
  window.addEventListener("beforeunload", (event) => { if (unkept && kept.length) event.preventDefault(); });

  // They come back with the words, after a reload, a sign-out or another conversation.
  async function restore() {
    const form = document.getElementById("composer");
    if (!field() || form.dataset.pictured) return;
    form.dataset.pictured = "true";
    kept = [];
    // Chosen before this script was there.
    const found = field().files.length ? { files: [...field().files] } : await held("readonly", (chosen) => chosen.get(key())).catch(() => null);
    if (found && form === document.getElementById("composer") && !kept.length) put(found.files);
  }

  // Where pictures wait the row says so: of words the server tells.
  let waiting = new Set();
  async function look() {
    waiting = new Set(await held("readonly", (chosen) => chosen.getAllKeys()).catch(() => waiting));
    mark();
  }
  function mark() {
    const { me } = document.getElementById("inbox").dataset;
    for (const row of document.querySelectorAll("#list .row-link")) {
      const own = row.querySelector(".draft.of-pictures");
      const isMarked = waiting.has(`gs-draft:${me}:${row.dataset.id}`) && !row.querySelector(".draft:not(.of-pictures)");
      if (own && !isMarked) own.remove();
      if (own || !isMarked) continue;
      const words = document.createElement("span");
      words.className = "draft of-pictures";
      words.textContent = "Draft";
      row.querySelector(".row-meta > .truncate").after(words);
    }
  }
  document.addEventListener("inbox:rows", mark);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });

  // What nobody came back to is not kept for ever.
  function tidy() {
    held("readwrite", (chosen) => {
      const asked = chosen.openCursor();
      asked.onsuccess = () => {
        const row = asked.result;
        if (!row) return;
        if (Date.now() - row.value.at > MOST_DAYS * DAY_MS) row.delete();
        row.continue();
      };
      return asked;
    }).catch(() => null);
  }

  function put(files) {
    const box = new DataTransfer();
    for (const file of files) box.items.add(file);
    field().files = box.files;
    show();
    keep(kept);
  }

  // What does not fit of a pick is told, the rest is taken.
  function add(files) {
    const { fit, told } = window.gs.pick(kept, files, field());
    put([...kept, ...fit]);
    window.gs.tellOfPick(told);
  }

  // What the field held before somebody chose more: choosing again adds.
  let kept = [];
  function show() {
    const list = document.getElementById("chosen");
    if (!list) return;
    kept = [...field().files];
    list.replaceChildren(...kept.map((file) => window.gs.thumbnail(file, () => remove(file))));
    list.hidden = !kept.length;
  }

  function remove(file) {
    const place = kept.indexOf(file);
    put(kept.filter((each) => each !== file));
    window.gs.tellOfPick([]);
    const buttons = document.querySelectorAll("#chosen button");
    (buttons[Math.min(place, buttons.length - 1)] || document.getElementById("message")).focus();
  }

  document.addEventListener("change", (event) => {
    if (event.target.id !== "media") return;
    add([...event.target.files]);
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
  // Those that go; chosen meanwhile, others stay. After a reload nobody knows of any others.
  const alike = (file) => `${file.name} ${file.size} ${file.lastModified}`;
  let going = null;
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt.id === "composer") going = { of: key(), files: new Set(kept.map(alike)) };
  });
  document.addEventListener("composer:sent", () => {
    if (!field() || !kept.length) return;
    tabs.postMessage(key());
    put(going?.of === key() ? kept.filter((file) => !going.files.has(alike(file))) : []);
    going = null;
    window.gs.tellOfPick([]);
  });
  // Sent in one tab they are gone from the other.
  tabs.addEventListener("message", ({ data }) => {
    waiting.delete(data);
    mark();
    if (field() && key() === data && kept.length) put([]);
  });
  document.addEventListener("htmx:afterSettle", restore);
  document.addEventListener("DOMContentLoaded", () => { tidy(); look(); restore(); });
})();
