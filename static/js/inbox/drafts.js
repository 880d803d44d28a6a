// What is typed is kept: at once in this browser, a moment later on the server, and here only until the server has it. So what
// a browser still holds is newer than the server's. It waits there for whoever wrote it, whoever else signs in and out.
(() => {
  const SAVE_MS = 500;
  const AGAIN_MS = 2000;
  const LEAVE_MS = 3000;
  let timer = null;
  let follows = false;
  let last = "";
  const form = () => document.getElementById("composer");
  const box = () => document.getElementById("message");
  const tabs = new BroadcastChannel("gs-drafts");

  function keep(key, words) {
    try { localStorage.setItem(key, words); } catch { /* no room or no permission: the server keeps it */ }
  }
  function kept(key) {
    try { return localStorage.getItem(key); } catch { return null; }
  }
  function forget(key) {
    try { localStorage.removeItem(key); } catch { /* nothing was kept */ }
  }

  async function save(key, words, token) {
    const id = key.split(":").pop();
    const data = new FormData();
    data.set("body", words);
    data.set("csrf_token", token);
    const status = await fetch(`/inbox/${id}/draft`, { method: "POST", body: data, keepalive: true }).then((answer) => answer.status, () => 503);
    // Of a conversation that is gone nothing stays.
    if ((status === 204 && kept(key) === words) || status === 404) forget(key);
    if (status === 204) show(id, words);
    return status;
  }

  // The row says what the draft says, unless the candidate said something that is not read.
  function show(id, words) {
    if (!words.trim() && document.querySelector(`#row-${id} .row-snippet .draft`)) document.dispatchEvent(new CustomEvent("inbox:stale"));
    const snippet = words.trim() && document.querySelector(`#row-${id}:not(.unread) .row-snippet`);
    if (!snippet) return;
    const mark = document.createElement("span");
    mark.className = "draft";
    mark.textContent = "Draft:";
    const said = document.createElement("span");
    said.className = "truncate";
    said.dir = "auto";
    said.textContent = words.slice(0, 140);
    snippet.replaceChildren(mark, " ", said);
  }

  // The server may be away for a moment: what it did not take is offered again for as long as the page is open.
  function saveSoon(area, wait) {
    clearTimeout(timer);
    const { draftKey } = area.form.dataset;
    const token = area.form.elements.csrf_token.value;
    timer = setTimeout(async () => {
      const words = area.value;
      const status = await save(draftKey, words, token);
      if (status >= 500) saveSoon(area, AGAIN_MS);
      else if (status === 204 && area.value === words) delete area.dataset.dirty;
    }, wait);
  }

  document.addEventListener("input", (event) => {
    if (event.target.id !== "message" || follows) return;
    delete form().dataset.suggestion;
    const key = form().dataset.draftKey;
    keep(key, event.target.value);
    tabs.postMessage({ key, was: last, now: event.target.value });
    last = event.target.value;
    event.target.dataset.dirty = "true";
    saveSoon(event.target, SAVE_MS);
  });

  // One draft in two tabs: the one that held the same words goes along, until they are sent.
  tabs.addEventListener("message", ({ data }) => {
    const area = box();
    if (!area || form().dataset.draftKey !== data.key || area.value !== data.was) return;
    follows = true;
    area.value = last = data.now;
    area.dispatchEvent(new Event("input", { bubbles: true }));
    follows = false;
  });

  // What is being sent is a draft no more.
  document.addEventListener("htmx:beforeRequest", (event) => { if (event.detail.elt.id === "composer") clearTimeout(timer); });

  // Leaving for another conversation: what the timer has not saved yet goes now.
  function flush() {
    const area = box();
    if (!area || !area.dataset.dirty || !form()) return;
    clearTimeout(timer);
    delete area.dataset.dirty;
    save(form().dataset.draftKey, area.value, form().elements.csrf_token.value);
  }
  document.addEventListener("htmx:beforeSwap", (event) => { if (event.detail.target?.id === "conversation") flush(); });
  document.addEventListener("inbox:closing", flush);
  window.addEventListener("pagehide", flush);

  function restore() {
    const area = box();
    if (!area || area.dataset.restored) return;
    area.dataset.restored = "true";
    last = area.value;
    const words = kept(form().dataset.draftKey);
    // Typed before this script was there.
    const isTyped = area.value !== area.defaultValue;
    const isKept = !isTyped && words !== null && words !== area.value;
    if (isKept) area.value = words;
    // Whoever goes on writes on from there.
    if (!isTyped) area.setSelectionRange(area.value.length, area.value.length);
    if (!isTyped && !isKept) { forget(form().dataset.draftKey); return; }
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
  document.addEventListener("DOMContentLoaded", restore);
  document.addEventListener("htmx:afterSettle", restore);

  // Signing out on purpose leaves nothing of one's own that the server has, and of nobody else's anything less than before.
  document.addEventListener("submit", async (event) => {
    const out = event.target;
    if (!out.matches('form[action$="/logout"]')) return;
    const mine = Object.keys(localStorage).filter((key) => key.startsWith(`gs-draft:${document.getElementById("inbox").dataset.me}:`));
    if (!mine.length) return;
    event.preventDefault();
    clearTimeout(timer);
    delete box()?.dataset.dirty;
    const saved = mine.map((key) => save(key, kept(key), out.elements.csrf_token.value));
    await Promise.race([Promise.all(saved), new Promise((resolve) => { setTimeout(resolve, LEAVE_MS); })]);
    out.submit();
  });

  window.gs = Object.assign(window.gs || {}, {
    saveDraft: () => saveSoon(box(), 0),
    forgetDraft() {
      clearTimeout(timer);
      if (box().value) { saveSoon(box(), SAVE_MS); return; }
      delete box().dataset.dirty;
      forget(form().dataset.draftKey);
    },
  });
})();
