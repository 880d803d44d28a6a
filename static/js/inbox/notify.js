// Says what arrived: in the title, the icon, to a screen reader once, and as a desktop notification where allowed.
(() => {
  const title = () => document.title.replace(/^\(\d+\+?\) /, "");

  function unread() {
    const element = document.getElementById("count-unread");
    return element ? { n: Number(element.dataset.n || 0), words: element.textContent.trim() } : { n: 0, words: "" };
  }

  let before = null;
  function refresh() {
    const now = unread();
    document.title = now.n ? `(${now.words}) ${title()}` : title();
    const icon = document.getElementById("favicon");
    if (icon) {
      const plain = icon.dataset.plain || (icon.dataset.plain = icon.getAttribute("href"));
      const wanted = now.n ? plain.replace("favicon.svg", "favicon-unread.svg") : plain;
      if (icon.getAttribute("href") !== wanted) icon.setAttribute("href", wanted);
    }
    const nav = document.getElementById("nav-inbox-count");
    if (nav) nav.textContent = now.words;
    if (before !== null && now.n > before) tell(now.n - before);
    before = now.n;
  }

  function announce(words) {
    const region = document.getElementById("announce");
    if (region) { region.textContent = ""; setTimeout(() => { region.textContent = words; }, 50); }
  }

  function tell(n) {
    const words = n === 1 ? "1 conversation has a new text." : `${n} conversations have new texts.`;
    if (Date.now() - readOutAt > 1000) announce(words);
    if (document.hidden && "Notification" in window && Notification.permission === "granted") {
      const note = new Notification("Grayscale", { body: words, tag: "grayscale" });
      note.addEventListener("click", () => { window.focus(); note.close(); });
    }
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

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-notify]");
    if (!button) return;
    const answer = await Notification.requestPermission();
    window.gs.toast(answer === "granted" ? "This browser will notify you while the inbox is open." : "The browser does not allow notifications for this site.", answer === "granted" ? "success" : "warning");
    button.hidden = answer === "granted";
  });
  function offerNotifications() {
    for (const button of document.querySelectorAll("[data-notify]")) button.hidden = !("Notification" in window) || Notification.permission !== "default";
  }

  document.addEventListener("DOMContentLoaded", () => { refresh(); offerNotifications(); });
  document.addEventListener("htmx:afterSettle", () => {
    const open = document.getElementById("conversation");
    if (open && open.dataset.title && open !== refresh.open) { refresh.open = open; document.title = `${open.dataset.title} · Inbox · Grayscale`; }
    refresh();
  });
  window.gs = Object.assign(window.gs || {}, { refreshUnread: refresh, announce, arrived });
})();
