// A quiet tab at the edge of a candidate's page in Lever, with the number of unread texts. Of the page it reads the
// address alone, and of that only the opportunity's id.
(() => {
  const EVERY_MS = 15000;
  const ADDRESS_MS = 500;
  const SVG = "http://www.w3.org/2000/svg";
  let shown = null;
  let timer = null;
  let tab = null;
  let badge = null;

  // Ids are Lever's own and opaque, but they hold a digit, which the names of its other pages do not.
  function opportunity() {
    const found = /^\/(?:candidates|opportunities)\/([\w-]{8,64})(?:\/|$)/.exec(location.pathname);
    return found && /\d/.test(found[1]) ? found[1] : null;
  }

  // Undefined once the extension was updated or removed: this copy then has nobody to talk to.
  const isAlive = () => Boolean(chrome.runtime?.id);

  function make() {
    tab = document.createElement("button");
    tab.type = "button";
    tab.id = "grayscale-text-tab";
    const icon = document.createElementNS(SVG, "svg");
    icon.setAttribute("viewBox", "0 0 24 24");
    icon.setAttribute("aria-hidden", "true");
    const bubble = document.createElementNS(SVG, "path");
    bubble.setAttribute("d", "M4 6a2 2 0 0 1 2-2h12a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-7l-4.500 4v-4H6a2 2 0 0 1-2-2zM8 8.500h8M8 12h5");
    icon.append(bubble);
    const words = document.createElement("span");
    words.className = "grayscale-words";
    words.textContent = "Text";
    badge = document.createElement("span");
    badge.className = "grayscale-count";
    tab.append(icon, words, badge);
    tab.addEventListener("click", (event) => { if (event.isTrusted) chrome.runtime.sendMessage({ type: "open" }); });
  }

  function say({ state, unread = 0 }) {
    const count = unread > 99 ? "99+" : unread ? String(unread) : "";
    badge.textContent = count;
    tab.title = {
      ok: "Text this candidate",
      away: "Text this candidate (Grayscale does not answer at the moment)",
      unconnected: "Connect Grayscale to text this candidate",
      "signed-out": "Connect Grayscale again to text this candidate",
    }[state];
    tab.setAttribute("aria-label", count ? `${tab.title}, ${count} unread` : tab.title);
    tab.dataset.state = state;
  }

  async function refresh() {
    clearTimeout(timer);
    if (!isAlive()) { leave(); return; }
    if (shown === null) return;
    timer = setTimeout(refresh, EVERY_MS);
    if (document.hidden) return;
    const asked = shown;
    const answer = await chrome.runtime.sendMessage({ type: "unread", opportunity: asked }).catch(() => null);
    if (answer && asked === shown) say(answer);
  }

  // Lever moves between its pages without loading them, and may throw out what it did not put there itself.
  function look() {
    if (!isAlive()) { leave(); return; }
    const now = opportunity();
    if (now !== null && !tab) make();
    if (now !== null && !tab.isConnected) document.documentElement.append(tab);
    if (now === shown) return;
    shown = now;
    chrome.runtime.sendMessage({ type: "at", opportunity: now }).catch(() => null);
    if (now === null) { tab?.remove(); return; }
    say({ state: "ok" });
    refresh();
  }

  function leave() {
    clearInterval(watch);
    tab?.remove();
  }

  chrome.runtime.onMessage.addListener((message, sender, respond) => {
    if (sender.id !== chrome.runtime.id) return;
    if (message?.type === "where") respond({ opportunity: opportunity() });
    if (message?.type === "refresh") refresh();
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
  window.navigation?.addEventListener("currententrychange", look);
  const watch = setInterval(look, ADDRESS_MS);
  look();
})();
