// The inbox by keyboard; the list of keys is #keys. A key acts on the row that has the focus, which is opened first, and else on
// the conversation that is open: never on one that is not looked at.
(() => {
  const rows = () => [...document.querySelectorAll("#list .row-link")];
  const openId = () => document.querySelector("#conversation[data-id]")?.dataset.id;
  // A key that was pressed for a conversation which is not open yet.
  let waits = null;

  function move(step) {
    const all = rows();
    if (!all.length) return;
    let at = all.indexOf(document.activeElement);
    if (at === -1) at = all.findIndex((row) => row.hasAttribute("aria-current"));
    const next = all[Math.min(all.length - 1, Math.max(0, at + step))] || all[0];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }

  const press = (key) => document.querySelector(`#head [data-key="${key}"] button`)?.click();
  const ACTS = {
    r: () => document.getElementById("message")?.focus(),
    e: () => press("e"),
    u: () => press("u"),
    a: () => document.getElementById("assignee")?.focus(),
  };
  const KEYS = {
    j: () => move(1),
    k: () => move(-1),
    "/": () => { const q = document.getElementById("q"); q?.focus(); q?.select(); },
    z: () => document.querySelector("#toasts .undo")?.click(),
    "?": () => { const keys = document.getElementById("keys"); if (keys.togglePopover()) keys.focus(); },
  };

  const isAnswering = () => Boolean(document.querySelector("#head .htmx-request"));

  function act(key) {
    const row = document.activeElement?.closest?.("#list .row-link");
    const opening = window.gs.opening();
    if (isAnswering() || (opening && (!row || row.dataset.id === opening))) {
      // What is on its way is not looked at yet: it may be written to, once it is there, but not put away.
      if (key === "r" || key === "a") waits = { key, id: opening };
    } else if (row && row.dataset.id !== openId()) {
      row.click();
      waits = { key, id: row.dataset.id };
    } else ACTS[key]();
  }

  document.addEventListener("htmx:afterSettle", () => {
    if (!waits || window.gs.opening() || isAnswering()) return;
    const { key, id } = waits;
    waits = null;
    if (!id || id === openId()) ACTS[key]();
  });
  // It did not open.
  document.addEventListener("htmx:afterRequest", () => {
    setTimeout(() => { if (!window.gs.opening() && !isAnswering()) waits = null; }, 200);
  });

  // Out of what was opened to where it was opened; out of a field to the list.
  function escape(from, inField) {
    const opened = from.closest?.("details[open]");
    if (opened) {
      opened.open = false;
      opened.querySelector("summary").focus();
    } else if (inField) {
      const place = document.querySelector(".row-link[aria-current]") || document.getElementById("thread") || document.getElementById("list");
      if (place) place.focus({ preventScroll: true });
      else from.blur();
    }
  }

  document.addEventListener("focusout", (event) => {
    const keys = event.target.closest?.("#keys");
    if (keys && event.relatedTarget && !keys.contains(event.relatedTarget)) keys.hidePopover();
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const inField = event.target.matches?.("input, textarea, select, [contenteditable]");
    // What lies over the page closes by itself, and is not looked through.
    if (event.target.closest?.("dialog[open], :popover-open") && event.key !== "?") return;
    if (event.key === "Escape") { escape(event.target, inField); return; }
    if (inField || !document.getElementById("inbox")) return;
    const isAct = event.key in ACTS;
    if (!isAct && !(event.key in KEYS)) return;
    event.preventDefault();
    // Words typed before the composer is there are no keys.
    if (waits) return;
    if (isAct && !event.repeat) act(event.key);
    else if (!isAct) KEYS[event.key]();
  });

  // Opened by keyboard: the composer is where one goes on.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target?.id !== "conversation" && event.target.id !== "conversation") return;
    if (window.matchMedia("(max-width: 820px)").matches) document.getElementById("thread")?.focus({ preventScroll: true });
  });
})();
