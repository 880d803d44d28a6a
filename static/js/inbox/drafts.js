// What is typed is kept: at once in this browser, a moment later on the server. A sign-out or a lost network loses nothing.
(() => {
  const SAVE_MS = 500;
  const AGAIN_MS = 2000;
  let timer = null;
  const form = () => document.getElementById("composer");

  function keep() {
    const area = document.getElementById("message");
    try {
      if (area.value.trim()) localStorage.setItem(form().dataset.draftKey, area.value);
      else localStorage.removeItem(form().dataset.draftKey);
    } catch { /* no room or no permission: the server keeps it */ }
  }

  function save(url, words, token) {
    const data = new FormData();
    data.set("body", words);
    data.set("csrf_token", token);
    return fetch(url, { method: "POST", body: data, keepalive: true }).then((answer) => answer.status, () => 503);
  }

  // The server may be away for a moment: what it did not take is offered again for as long as the page is open.
  function saveSoon(area, wait) {
    clearTimeout(timer);
    const { draftUrl } = area.form.dataset;
    const token = area.form.elements.csrf_token.value;
    timer = setTimeout(async () => {
      const words = area.value;
      const status = await save(draftUrl, words, token);
      if (status >= 500) saveSoon(area, AGAIN_MS);
      else if (status === 204 && area.value === words) delete area.dataset.dirty;
    }, wait);
  }

  document.addEventListener("input", (event) => {
    if (event.target.id !== "message") return;
    delete form().dataset.suggestion;
    keep();
    event.target.dataset.dirty = "true";
    saveSoon(event.target, SAVE_MS);
  });

  // Leaving for another conversation: what the timer has not saved yet goes now.
  function flush() {
    const area = document.getElementById("message");
    if (!area || !area.dataset.dirty || !form()) return;
    clearTimeout(timer);
    delete area.dataset.dirty;
    save(form().dataset.draftUrl, area.value, form().elements.csrf_token.value);
  }
  document.addEventListener("htmx:beforeSwap", (event) => { if (event.detail.target?.id === "conversation") flush(); });
  window.addEventListener("pagehide", flush);

  function restore() {
    const area = document.getElementById("message");
    if (!area || area.dataset.restored) return;
    area.dataset.restored = "true";
    // Typed before this script was there.
    if (area.value !== area.defaultValue) { area.dispatchEvent(new Event("input", { bubbles: true })); return; }
    let kept = null;
    try { kept = localStorage.getItem(form().dataset.draftKey); } catch { return; }
    if (kept && kept !== area.value && (!area.value || form().dataset.suggestion || kept.length > area.value.length)) {
      area.value = kept;
      area.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }
  document.addEventListener("DOMContentLoaded", restore);
  document.addEventListener("htmx:afterSettle", restore);

  document.addEventListener("submit", (event) => {
    // Signing out on purpose leaves nothing of a candidate's in this browser; the server keeps the drafts.
    if (!event.target.matches('form[action$="/logout"]')) return;
    flush();
    for (const key of Object.keys(localStorage)) if (key.startsWith("gs-draft:")) localStorage.removeItem(key);
  });

  window.gs = Object.assign(window.gs || {}, {
    saveDraft: () => saveSoon(document.getElementById("message"), 0),
    forgetDraft() {
      clearTimeout(timer);
      const area = document.getElementById("message");
      if (!area.value) { delete area.dataset.dirty; try { localStorage.removeItem(form().dataset.draftKey); } catch { /* nothing was kept */ } }
    },
  });
})();
