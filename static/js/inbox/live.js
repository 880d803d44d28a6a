// The one poll of the page. 204 means that nothing changed; else elements come with the ids of those they replace. The
// cursor is the server's tick: after sleep or a lost network the next answer holds everything since.
(() => {
  const VISIBLE_MS = 1500;
  const HIDDEN_MS = 15000;
  const HERE_MS = 10000;
  const SLOWEST_MS = 30000;
  let tick = null;
  let timer = null;
  let failures = 0;
  let took = 0;
  let busy = false;
  let answers = 0;

  const inbox = () => document.getElementById("inbox");
  const isArchived = () => Boolean(document.querySelector("#head .head-name .badge"));
  const conversationPane = () => document.getElementById("conversation");
  const conversation = () => document.querySelector("#conversation[data-id]");

  function morph(current, next) {
    // A field being typed in keeps its words. Of a link that has the focus the words are refreshed like any other's.
    const isTyping = document.activeElement?.matches("input, select, textarea");
    Idiomorph.morph(current, next, { morphStyle: "outerHTML", ignoreActiveValue: Boolean(isTyping), callbacks: { beforeNodeMorphed: keepOpen } });
    const now = document.getElementById(next.id);
    if (now) htmx.process(now);
  }

  // What somebody opened stays open, and what they chose or type in a small form stays theirs.
  function keepOpen(old, fresh) {
    if (old.nodeType !== 1) return true;
    if (old.matches("details[open]")) { if (old.matches(".edit, .trace")) return false; fresh.setAttribute("open", ""); }
    if (old.matches("select") && old === document.activeElement) return false;
    // Whose a number is, asked about or being looked for.
    if (old.matches("#match") && fresh.matches?.("#match") && (old.getAttribute("method") === "post" || old.elements.q?.value)) return false;
    if (old.matches("[popover]:popover-open") && old.contains(document.activeElement)) return false;
    return true;
  }

  function query() {
    const params = new URLSearchParams({ tick: tick ?? inbox().dataset.tick });
    const list = document.getElementById("list");
    if (list) {
      params.set("view", list.dataset.view);
      if (list.dataset.q) params.set("q", list.dataset.q);
    }
    const rows = document.getElementById("rows");
    if (rows?.dataset.rows) {
      params.set("rows", rows.dataset.rows);
      params.set("shown", rows.querySelectorAll(".row-item").length);
    }
    params.set("counts", [...document.querySelectorAll("#views .count")].map((count) => count.dataset.n).join("-"));
    if (window.gs.news.listens()) params.set("newest", "1");
    const open = conversation();
    if (open) {
      const tail = document.getElementById("tail");
      params.set("c", open.dataset.id);
      params.set("from", tail.dataset.from);
      params.set("unread_from", tail.dataset.unreadFrom);
      params.set("viewers", document.getElementById("presence").dataset.viewers || "");
    }
    return params;
  }

  // Whether nothing else was applied since *before*: of two answers that overlap the later may be the older one.
  function apply(html, asked, before) {
    // What is asked while a conversation opens does not know it as read.
    const isAlone = before === answers && !window.gs.opening();
    answers += 1;
    const template = document.createElement("template");
    template.innerHTML = html;
    const openId = conversation()?.dataset.id;
    for (const next of [...template.content.children]) {
      if (next.id === "rows") {
        const list = document.getElementById("list");
        if (list && list.dataset.view === asked.get("view") && !list.dataset.q) window.gs.applyRows(next);
        continue;
      }
      const current = document.getElementById(next.id);
      const isOfConversation = !next.id.startsWith("count-");
      if (!current || (isOfConversation && openId !== (asked.get("c") || undefined))) continue;
      const wasArchived = isArchived();
      if (next.id === "tail") tail(current, next);
      else morph(current, next);
      if (next.id === "conversation") gone();
      // Who may be texted again has no composer yet.
      if (next.matches("#gate:not(.is-shut)") && !document.getElementById("composer")) reload(conversation().dataset.url);
      if (isArchived() && !wasArchived) window.gs.announce("This conversation was archived.");
    }
    window.gs.refreshUnread();
    return isAlone;
  }

  // Neither the title nor the address nor what is read out speaks of it any more.
  function gone() {
    const isShown = conversationPane().checkVisibility();
    window.gs.announce(isShown ? "This conversation is gone." : "");
    if (!isShown) window.gs.toast("This conversation is gone. Lever deleted or merged the candidate, or you may not see it any more.", "warning");
    if (!document.getElementById("list")) return;
    document.title = "Inbox · Grayscale";
    history.replaceState(history.state, "", "/inbox");
  }

  function tail(current, next) {
    const idsOf = (selector) => new Set([...document.querySelectorAll(`#tail ${selector}`)].map((message) => message.id));
    const undelivered = `.message:is(${window.gs.undelivered})`;
    const [shown, known] = [".message", undelivered].map(idsOf);
    window.gs.aroundTail(() => window.gs.sending.during(() => morph(current, next)));
    const fresh = [...document.querySelectorAll("#tail .message")].filter((message) => !shown.has(message.id));
    if (fresh.length) {
      window.gs.arrived(fresh);
      here();
      const colleague = fresh.filter((message) => message.matches(".colleague")).pop();
      if (colleague && window.gs.composerHasWords()) window.gs.answered(colleague.querySelector(".said-by span:last-child").textContent, Number(colleague.id.slice(2)));
    }
    window.gs.failed([...document.querySelectorAll(`#tail ${undelivered}`)].filter((message) => !known.has(message.id)));
    window.gs.seenUpTo(Number(next.dataset.last || 0));
  }

  async function poll() {
    if (busy || !inbox()) return;
    busy = true;
    const asked = query();
    const started = performance.now();
    const before = answers;
    try {
      const answer = await fetch(`${inbox().dataset.live}?${asked}`, { headers: { "HX-Request": "true", "HX-Current-URL": location.href }, signal: AbortSignal.timeout(20000) });
      if (answer.status === 401) { location.assign(answer.headers.get("HX-Redirect") || "/login"); return; }
      if (!answer.ok) throw new Error(String(answer.status));
      const isWhole = answer.status !== 200 ? before === answers : apply(await answer.text(), asked, before);
      if (answer.headers.has("X-Newest")) window.gs.news.newest(...answer.headers.get("X-Newest").split(" ").map(Number));
      if (answer.headers.has("X-Tick")) tick = isWhole ? answer.headers.get("X-Tick") : "-1";
      failures = 0;
      window.gs.sending.polled(started);
      offline(false);
    } catch {
      failures += 1;
      if (failures >= 2) offline(true);
    } finally {
      // A slow server is asked less often.
      took = performance.now() - started;
      busy = false;
      schedule();
    }
  }

  function schedule(soon) {
    clearTimeout(timer);
    const base = document.hidden ? HIDDEN_MS : VISIBLE_MS;
    const wait = soon ? 0 : Math.min(SLOWEST_MS, Math.max(base, took * 3) * (failures > 1 ? Math.min(8, failures) : 1));
    timer = setTimeout(poll, wait);
  }

  function offline(show) {
    let banner = document.getElementById("offline");
    if (show && !banner) {
      banner = document.createElement("p");
      banner.id = "offline";
      banner.className = "banner bad offline";
      banner.setAttribute("role", "status");
      document.querySelector(".page").prepend(banner);
      banner.textContent = "No connection. Trying again; nothing is lost, and what you miss is caught up.";
    } else if (!show && banner) {
      banner.remove();
      window.gs.announce("The connection is back.");
    }
  }

  // Somebody is here: seldom, and never while the page is hidden.
  let typedAt = 0;
  let saidTyping = false;
  function here(gone) {
    const open = conversation();
    if (!open || (document.hidden && !gone)) return;
    const token = open.querySelector('[name="csrf_token"]')?.value;
    const data = new FormData();
    data.set("csrf_token", token);
    const typing = Date.now() - typedAt < HERE_MS;
    saidTyping = typing;
    if (gone) data.set("gone", "1");
    data.set("typing", typing ? "1" : "0");
    if (window.gs.threadAtEnd()) data.set("read_up_to", document.getElementById("tail")?.dataset.last || "0");
    const asked = query();
    const before = answers;
    fetch(`${open.dataset.here}?${asked}`, { method: "POST", body: data, keepalive: true, headers: { "HX-Request": "true" } })
      .then(async (answer) => {
        if (answer.status !== 200) return;
        if (!apply(await answer.text(), asked, before)) tick = "-1";
        document.dispatchEvent(new CustomEvent("inbox:read"));
      })
      .catch(() => null);
  }
  setInterval(() => here(), HERE_MS);
  document.addEventListener("input", (event) => {
    // Words that a script puts there nobody is writing.
    if (event.target.id !== "message" || !event.isTrusted) return;
    typedAt = Date.now();
    if (!saidTyping) here();
  });
  document.addEventListener("composer:sent", () => {
    typedAt = 0;
    if (saidTyping) here();
  });

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) { schedule(true); here(); } else if (window.gs.news.listens()) {
      // Asked as if for the first time: from where on a text is new.
      window.gs.news.listen();
      tick = "-1";
      schedule(true);
    }
  });
  window.addEventListener("online", () => schedule(true));
  window.addEventListener("pagehide", () => here(true));
  document.addEventListener("inbox:poll", () => schedule(true));
  const reload = (url) => htmx.ajax("GET", url, { target: "#conversation", swap: "outerHTML" });
  document.addEventListener("inbox:reload", (event) => reload(event.detail.url));
  for (const stale of ["inbox:leave", "inbox:stale"]) document.addEventListener(stale, () => { tick = "-1"; schedule(true); });
  let openNow = null;
  document.addEventListener("htmx:beforeSwap", (event) => { if (event.detail.target?.id === "conversation") here(true); });
  document.addEventListener("inbox:closing", () => here(true));
  document.addEventListener("htmx:afterSettle", () => {
    if (conversation() && conversation() !== openNow) { openNow = conversation(); answers += 1; here(); schedule(true); }
  });
  document.addEventListener("DOMContentLoaded", () => { tick = inbox()?.dataset.tick ?? null; openNow = conversation(); schedule(); here(); });

  window.gs = Object.assign(window.gs || {}, { morph });
})();
