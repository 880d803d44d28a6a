// The list stays still while somebody reads it: what arrives meanwhile offers itself instead of shoving.
(() => {
  const QUIET_MS = 4000;
  let lastPointer = 0;
  let lastKey = 0;
  let pending = null;
  let force = false;
  let settling = null;

  const list = () => document.getElementById("list");
  document.addEventListener("pointermove", (event) => { if (event.target.closest?.("#list")) lastPointer = Date.now(); });
  document.addEventListener("keydown", (event) => { if (event.target.closest?.("#list")) lastKey = Date.now(); });

  function isBeingRead(element) {
    return element.scrollTop > 8 || Date.now() - lastPointer < QUIET_MS || Date.now() - lastKey < QUIET_MS;
  }

  function put(current, next) {
    window.gs.morph(current, next);
    markOpen();
    pending = null;
    hideOffer();
    document.querySelector("#list .empty")?.remove();
    // Why it is empty says the server.
    if (!document.querySelector("#rows .row-item")) document.querySelector("#views [aria-current]")?.click();
  }

  function hideOffer() {
    const offer = document.getElementById("offer");
    if (offer) offer.hidden = true;
  }

  // Left alone, the list brings itself up to date.
  function settle() {
    clearTimeout(settling);
    settling = setTimeout(() => {
      const current = document.getElementById("rows");
      if (!pending || !current) return;
      if (isBeingRead(list())) settle();
      else apply(pending);
    }, QUIET_MS);
  }

  // Texts in what was unread already: the count of the unread does not tell of them.
  function further(current, next) {
    const said = (row) => `${row.querySelector("time")?.dateTime} ${row.querySelector(".row-snippet").textContent.trim()}`;
    return [...next.querySelectorAll(".row-item.unread")].filter((row) => {
      const shown = current.querySelector(`#${row.id}.unread`);
      return shown && !row.querySelector(".row-by") && said(row) !== said(shown);
    }).length;
  }

  const idsOf = (rows) => [...rows.querySelectorAll(".row-item")].map((row) => row.id);
  // What one did oneself shows at once, and where it moves a row that is no news.
  const OWN_MS = 10000;
  let own = { id: null, until: 0 };
  document.addEventListener("inbox:leave", () => { force = true; });
  document.addEventListener("inbox:poll", () => {
    const open = document.querySelector("#conversation[data-id]")?.dataset.id;
    if (open) own = { id: `row-${open}`, until: Date.now() + OWN_MS };
  });

  // *next* is a fresh <ul id="rows">.
  function apply(next) {
    const current = document.getElementById("rows");
    if (!current) return;
    window.gs.further(further(current, next));
    const before = idsOf(current);
    const after = idsOf(next);
    const kept = before.filter((id) => after.includes(id));
    const stayed = after.filter((id) => before.includes(id));
    const isOwn = (id) => id === own.id && Date.now() < own.until;
    const moves = [...after.filter((id) => !before.includes(id)), ...stayed.filter((id, index) => kept.indexOf(id) > index)];
    const moved = moves.filter((id) => !isOwn(id));
    const focused = document.activeElement?.closest?.(".row-item")?.id;
    const isSame = !moved.length && kept.length === before.length;
    if (isSame || force || !isBeingRead(list())) {
      force = false;
      put(current, next);
      if (focused) document.getElementById(focused)?.querySelector("a").focus({ preventScroll: true });
      return;
    }
    for (const row of next.querySelectorAll(".row-item")) {
      const shown = document.getElementById(row.id);
      if (shown) window.gs.morph(shown, row.cloneNode(true));
    }
    markOpen();
    current.dataset.rows = next.dataset.rows;
    pending = next;
    if (!moved.length) return;
    settle();
    const offer = document.getElementById("offer");
    offer.querySelector("span").textContent = moved.length === 1 ? "1 conversation moved up" : `${moved.length} conversations moved up`;
    offer.hidden = false;
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("#offer")) {
      const current = document.getElementById("rows");
      if (pending && current) put(current, pending);
      hideOffer();
      list().scrollTop = 0;
      document.querySelector("#rows a")?.focus();
      return;
    }
    const row = event.target.closest(".row-link");
    if (row) mark(row);
    const view = event.target.closest("#views a, [data-clear-search]");
    if (view) { const q = document.getElementById("q"); if (q) q.value = ""; }
  });

  // The chosen row, at once and not only when the server has answered.
  let opening = null;
  function mark(row) {
    opening = row.dataset.id;
    markOpen();
    row.closest(".row-item").classList.remove("unread");
    row.querySelector(".unread-dot")?.remove();
  }

  // An answer that was under way when another row was chosen marks the one before, and nothing that only this browser knows.
  function markOpen() {
    const id = opening ?? document.querySelector("#conversation[data-id]")?.dataset.id;
    for (const row of document.querySelectorAll(".row-link")) {
      if (row.dataset.id === id) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
    document.dispatchEvent(new CustomEvent("inbox:rows"));
  }
  document.addEventListener("htmx:afterRequest", (event) => {
    if (!opening || event.detail.elt.dataset.id !== opening) return;
    opening = null;
    // What did not open is not marked as open either.
    markOpen();
  });
  document.addEventListener("htmx:afterSettle", markOpen);

  // The address says which list this is: a reload and the back button show it again.
  function addressed({ q, view }) {
    const address = new URL(location.href);
    if (q) address.searchParams.set("q", q);
    else {
      address.searchParams.delete("q");
      address.searchParams.set("view", view);
    }
    return address;
  }
  let before = null;
  document.addEventListener("htmx:beforeSwap", (event) => { if (event.detail.target?.id === "list") before = { ...list().dataset }; });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id !== "list") return;
    const address = addressed(list().dataset);
    const isChosen = event.detail.requestConfig?.elt?.closest("#views");
    if (!isChosen || address.href === location.href) { history.replaceState(history.state, "", address); return; }
    // Going back restores only what htmx left.
    history.replaceState({ ...history.state, htmx: true }, "", addressed(before));
    history.pushState({ htmx: true }, "", address);
  });
  // The same of a conversation that is opened from what a search found.
  document.addEventListener("htmx:pushedIntoHistory", () => {
    const q = list()?.dataset.q;
    if (!q) return;
    const address = new URL(location.href);
    address.searchParams.set("q", q);
    history.replaceState(history.state, "", address);
  });

  window.gs = Object.assign(window.gs || {}, { applyRows: apply, markOpen, opening: () => opening });

  // On a phone the views are wider than the screen: the one that is shown is in sight.
  function place() {
    const views = document.getElementById("views");
    if (!views || views.dataset.placed) return;
    views.dataset.placed = "true";
    const shown = views.querySelector("[aria-current]");
    if (shown && views.scrollWidth > views.clientWidth) views.scrollLeft = shown.offsetLeft - (views.clientWidth - shown.offsetWidth) / 2;
  }
  for (const moment of ["DOMContentLoaded", "htmx:afterSettle", "htmx:oobAfterSwap"]) document.addEventListener(moment, place);
})();
