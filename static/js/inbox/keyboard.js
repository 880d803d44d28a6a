// The inbox by keyboard; the list of keys is #keys. A key acts on the row that has the focus, which is opened first, and else on
// the conversation that is open: never on one that is not looked at.
(() => {
  const rows = () => [...document.querySelectorAll("#list .row-link")];
  const openId = () => document.querySelector("#conversation[data-id]")?.dataset.id;
  // A key that was pressed for a conversation which is not open yet, and what was typed after it.
  let waits = null;
  // When a letter was last typed that is no key, as words begin with that nobody meant to press.
  let wordAt = -Infinity;
  const A_WORD_MS = 500;

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

  function keeps(key) {
    if (key === "Backspace") waits.typed = waits.typed.slice(0, -1);
    else if (key === "Enter") waits.typed += "\n";
    else if (key.length === 1) waits.typed += key;
    return ["Backspace", "Enter"].includes(key) || key.length === 1;
  }

  const isAnswering = () => Boolean(document.querySelector("#head .htmx-request"));

  function act(key) {
    const row = document.activeElement?.closest?.("#list .row-link");
    const opening = window.gs.opening();
    if (isAnswering() || (opening && (!row || row.dataset.id === opening))) {
      // What is on its way is not looked at yet: it may be written to, once it is there, but not put away.
      if (key === "r") waits = { key, id: opening, typed: "" };
    } else if (row && row.dataset.id !== openId()) {
      row.click();
      waits = { key, id: row.dataset.id, typed: "" };
    } else ACTS[key]();
  }

  document.addEventListener("htmx:afterSettle", () => {
    if (!waits || window.gs.opening() || isAnswering()) return;
    const { key, id, typed } = waits;
    waits = null;
    if (id && id !== openId()) return;
    ACTS[key]();
    if (key !== "r" || !typed || document.activeElement?.id !== "message") return;
    const box = document.activeElement;
    box.setSelectionRange(box.value.length, box.value.length);
    window.gs.compose({ body: window.gs.composerHasWords() ? `\n${typed}` : typed });
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
    // Words typed before the composer is there are no keys: they go into it, and none of them is sent.
    if (waits) { if (keeps(event.key)) event.preventDefault(); return; }
    const isAct = event.key in ACTS;
    const isKey = isAct || event.key in KEYS;
    const isInWord = event.timeStamp - wordAt < A_WORD_MS;
    if (event.key.length === 1 && (!isKey || isInWord)) wordAt = event.timeStamp;
    if (!isKey || isInWord) return;
    event.preventDefault();
    if (isAct && !event.repeat) act(event.key);
    else if (!isAct) KEYS[event.key]();
  });

  // Opened by keyboard: the composer is where one goes on.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target?.id !== "conversation" && event.target.id !== "conversation") return;
    if (window.matchMedia("(max-width: 820px)").matches) document.getElementById("thread")?.focus({ preventScroll: true });
  });
})();
