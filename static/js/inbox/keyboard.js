// The inbox by keyboard; the list of keys is #keys.
(() => {
  const rows = () => [...document.querySelectorAll("#list .row-link")];

  function move(step) {
    const all = rows();
    if (!all.length) return;
    let at = all.indexOf(document.activeElement);
    if (at === -1) at = all.findIndex((row) => row.hasAttribute("aria-current"));
    const next = all[Math.min(all.length - 1, Math.max(0, at + step))] || all[0];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }

  const act = (key) => document.querySelector(`#head [data-key="${key}"] button`)?.click();
  const KEYS = {
    j: () => move(1),
    k: () => move(-1),
    r: () => document.getElementById("message")?.focus(),
    e: () => act("e"),
    u: () => act("u"),
    a: () => document.getElementById("assignee")?.focus(),
    "/": () => { const q = document.getElementById("q"); q?.focus(); q?.select(); },
    "?": () => document.getElementById("keys")?.togglePopover(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const inField = event.target.matches?.("input, textarea, select, [contenteditable]");
    if (event.key === "Escape" && inField) {
      const place = document.querySelector(".row-link[aria-current]") || document.getElementById("thread") || document.getElementById("list");
      if (place) place.focus({ preventScroll: true });
      else event.target.blur();
      return;
    }
    if (inField || !document.getElementById("inbox")) return;
    const action = KEYS[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });

  // Archived or put aside: on to the next one in the list.
  document.addEventListener("inbox:leave", (event) => {
    const row = event.detail.id && document.getElementById(`row-${event.detail.id}`);
    const next = row?.nextElementSibling?.querySelector(".row-link") || row?.previousElementSibling?.querySelector(".row-link");
    if (next) next.focus();
  });

  // Opened by keyboard: the composer is where one goes on.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target?.id !== "conversation" && event.target.id !== "conversation") return;
    if (window.matchMedia("(max-width: 820px)").matches) document.getElementById("thread")?.focus({ preventScroll: true });
  });
})();
