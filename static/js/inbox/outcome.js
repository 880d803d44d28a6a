// What came of a Send whose answer got lost. Nobody knows whether the text was taken: that is said, asked by the key of the
// submission as soon as the server answers again, and taken back. Kept for the tab, so that a reload asks as well.
(() => {
  const AGAIN_MS = 2000;
  // A router that gave up does not stop the server: what it has not taken yet it may still take.
  const LOOKS_MS = [3000, 10000, 45000];
  const form = () => document.getElementById("composer");
  const notes = () => document.getElementById("composer-notes");
  const name = () => `gs-sending:${form().dataset.draftKey}`;
  const pause = (wait) => new Promise((resolve) => { setTimeout(resolve, wait); });
  let asking = null;
  let offline = false;

  function say(words, kind = "unsent") {
    const line = document.createElement("p");
    line.className = `field-error ${kind}`;
    line.textContent = words;
    notes().replaceChildren(line);
  }

  function begins(words) {
    asking = null;
    offline = false;
    try { sessionStorage.setItem(name(), JSON.stringify({ key: form().elements.submission_key.value, words })); } catch { /* no room: a reload does not ask */ }
  }

  function known() {
    asking = null;
    try { sessionStorage.removeItem(name()); } catch { /* was not kept */ }
  }

  async function ask(sending) {
    asking = sending;
    const of = form();
    const url = `${of.getAttribute("action")}?submission_key=${encodeURIComponent(sending.key)}`;
    const stands = () => asking === sending && form() === of;
    say("There was no answer: it is not known yet whether your text was sent. Checking…");
    for (let looks = 0; stands();) {
      const found = await fetch(url, { signal: AbortSignal.timeout(15000) }).then((answer) => answer.json(), () => null).catch(() => null);
      if (!stands()) return;
      if (found?.sent) { taken(sending, found); return; }
      if (found?.sent === false) {
        if (looks === 1) say("It was not sent; your text is still in the box. Press Send to try again.");
        if (looks === LOOKS_MS.length) { known(); return; }
        await pause(LOOKS_MS[looks]);
        looks += 1;
      } else await pause(AGAIN_MS);
    }
  }

  function taken(sending, found) {
    const words = document.getElementById("message").value;
    const isSame = !words.trim() || words === sending.words || words.trim() === found.body;
    known();
    if (isSame) {
      document.dispatchEvent(new CustomEvent("composer:sent", { detail: found }));
      window.gs.saveDraft();
      notes().replaceChildren();
      window.gs.toast(found.words);
    } else {
      anew(found.submission_key);
      say(`${found.words} What is in the box now was not sent: send it too?`);
    }
    document.dispatchEvent(new CustomEvent("inbox:poll"));
  }

  function anew(key) { form().elements.submission_key.value = key; }

  // The browser knows that it reaches nobody.
  function unreached() {
    if (asking) return;
    offline = true;
    say("You are offline. Nothing was sent; your text is still in the box.", "unreached");
  }
  window.addEventListener("online", () => {
    if (!offline || !form()) return;
    offline = false;
    say("You are online again. Your text was not sent yet; press Send.");
  });

  function resume() {
    if (!form() || form().dataset.resumed) return;
    form().dataset.resumed = "true";
    offline = false;
    let sending = null;
    try { sending = JSON.parse(sessionStorage.getItem(name())); } catch { return; }
    if (!sending) return;
    anew(sending.key);
    ask(sending);
  }
  document.addEventListener("composer:anew", (event) => { known(); anew(event.detail.submission_key); });
  document.addEventListener("composer:sent", known);
  document.addEventListener("DOMContentLoaded", resume);
  document.addEventListener("htmx:afterSettle", resume);

  window.gs = Object.assign(window.gs || {}, { outcome: { begins, known, say, unreached, unclear: (words) => ask({ key: form().elements.submission_key.value, words }) } });
})();
