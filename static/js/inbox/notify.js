// Says what arrived: in the title, the icon, to a screen reader once, and as a desktop notification where allowed.
(() => {
  // The title without the count; one that somebody else set since has none. A phone number begins like a count.
  let plain = "";
  let counted = null;
  const title = () => (document.title === counted ? plain : document.title);

  function unread() {
    const element = document.getElementById("count-unread");
    return element ? { n: Number(element.dataset.n || 0), words: element.textContent.trim() } : { n: 0, words: "" };
  }

  let before = null;
  // Conversations that were unread already and got a further text.
  let further = 0;
  function refresh() {
    const now = unread();
    plain = title();
    document.title = now.n ? `(${now.words}) ${plain}` : plain;
    counted = document.title;
    const icon = document.getElementById("favicon");
    if (icon) {
      const plain = icon.dataset.plain || (icon.dataset.plain = icon.getAttribute("href"));
      const wanted = now.n ? plain.replace("favicon.svg", "favicon-unread.svg") : plain;
      if (icon.getAttribute("href") !== wanted) icon.setAttribute("href", wanted);
    }
    const nav = document.getElementById("nav-inbox-count");
    if (nav) nav.textContent = now.words;
    const more = (before === null ? 0 : Math.max(0, now.n - before)) + further;
    if (more) tell(more);
    further = 0;
    before = now.n;
  }

  // What is to be told at once is told together.
  let telling = [];
  function announce(words) {
    const region = document.getElementById("announce");
    if (!region) return;
    region.textContent = "";
    telling.push(words);
    if (telling.length === 1) setTimeout(() => { region.textContent = telling.join(" ").trim(); telling = []; }, 50);
  }

  function tell(n) {
    const words = n === 1 ? "1 conversation has a new text." : `${n} conversations have new texts.`;
    if (Date.now() - readOutAt > 1000) announce(words);
    hasMore = true;
  }

  // On the desktop: once for each burst that came while the page was hidden, with nobody's name or words.
  const KEPT = "gs-notify";
  const bells = () => document.querySelectorAll("[data-notify]");
  const isOff = () => { try { return localStorage.getItem(KEPT) === "off"; } catch { return false; } };
  const isOn = () => "Notification" in window && Notification.permission === "granted" && !isOff();
  let heard = null;
  let hasMore = false;

  const listens = () => document.hidden && isOn() && bells().length > 0;
  function listen() { heard = null; hasMore = false; }

  // *id* is the newest unread text, *conversation* its. Of the first that is heard one knows only whether there are more
  // conversations.
  function newest(id, conversation) {
    if (listens() && (heard === null ? hasMore : id > heard)) notify(conversation);
    heard = Math.max(heard ?? 0, id);
    hasMore = false;
  }

  function notify(conversation) {
    const { n, words } = unread();
    const body = n > 1 ? `A new text. ${words} conversations are unread.` : "1 conversation has a new text.";
    const note = new Notification("Grayscale", { body, tag: "grayscale", renotify: true });
    note.addEventListener("click", () => {
      window.focus();
      note.close();
      const row = document.querySelector(`#row-${conversation} .row-link:not([aria-current])`);
      if (row) row.click();
      else if (document.querySelector("#conversation")?.dataset.id !== String(conversation)) location.assign(`/inbox/${conversation}`);
    });
  }

  let readOutAt = 0;
  // Names of who wrote in the open conversation, read out once.
  function arrived(messages) {
    const theirs = messages.filter((message) => message.matches(".candidate, .colleague"));
    if (!theirs.length) return;
    readOutAt = Date.now();
    const last = theirs[theirs.length - 1];
    const who = last.querySelector(".said-by span:last-child")?.textContent || "";
    announce(`${who}: ${last.querySelector(".body")?.textContent || "sent a picture"}`);
  }

  // A text of the open conversation that did not arrive, once; and that one's own was taken, where no toast says so.
  const UNDELIVERED = ".is-failed, .is-undelivered, .is-blocked";
  function failed(messages) {
    const last = messages.at(-1);
    if (last) announce(`${last.querySelector(".state").textContent.replace(/^\W+/, "").trim()}: ${last.querySelector(".body")?.textContent || "a picture"}`);
  }
  document.addEventListener("composer:sent", (event) => { if (!event.detail.words) announce("Your text is on its way."); });

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-notify]");
    if (!button) return;
    const turnsOn = !isOn();
    const isAllowed = !turnsOn || (await Notification.requestPermission()) === "granted";
    if (!isAllowed) { window.gs.toast("The browser does not allow notifications for this site. Allow them in its settings for the site.", "warning"); return; }
    try { localStorage.setItem(KEPT, turnsOn ? "on" : "off"); } catch { /* not kept: what the browser allows counts */ }
    window.gs.toast(turnsOn ? "This browser will notify you while the inbox is open." : "This browser does not notify you any more.");
    showBells();
  });
  function showBells() {
    const does = isOn() ? "Desktop notifications are on. Turn them off" : "Desktop notifications are off. Turn them on";
    for (const button of bells()) {
      button.hidden = !("Notification" in window);
      button.setAttribute("aria-pressed", isOn());
      button.title = does;
    }
  }

  document.addEventListener("DOMContentLoaded", () => { refresh(); showBells(); });
  // Turned on or off in another tab.
  window.addEventListener("storage", (event) => { if (event.key === KEPT) showBells(); });
  document.addEventListener("htmx:afterSettle", () => {
    const open = document.getElementById("conversation");
    if (open && open.dataset.title && open !== refresh.open) { refresh.open = open; document.title = `${open.dataset.title} · Inbox · Grayscale`; }
    refresh();
  });
  window.gs = Object.assign(window.gs || {}, { refreshUnread: refresh, announce, arrived, failed, undelivered: UNDELIVERED, further(n) { further = n; }, news: { listens, listen, newest } });
})();
