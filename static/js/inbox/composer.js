// The composer: Enter sends, a held key sends once, the words go only when the server says that they went.
(() => {
  const form = () => document.getElementById("composer");
  const box = () => document.getElementById("message");
  let inFlight = null;

  function grow(area) {
    if (CSS.supports("field-sizing", "content")) return;
    area.rows = Math.min(12, Math.max(1, area.value.split("\n").length));
  }

  document.addEventListener("keydown", (event) => {
    if (event.target.id !== "message" || event.key !== "Enter" || event.isComposing) return;
    const enterSends = form().dataset.enterSends === "true";
    const sends = enterSends ? !event.shiftKey && !event.altKey : event.ctrlKey || event.metaKey;
    if (!sends) return;
    event.preventDefault();
    const isEmpty = !box().value.trim() && !document.getElementById("media")?.files.length;
    if (!event.repeat && !inFlight && !isEmpty) form().requestSubmit(document.getElementById("send"));
  });

  document.addEventListener("input", (event) => {
    if (event.target.id === "message") grow(event.target);
  });

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt.id !== "composer") return;
    if (inFlight) { event.preventDefault(); return; }
    inFlight = { words: box().value };
    form().setAttribute("aria-busy", "true");
  });
  for (const name of ["htmx:afterRequest", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, (event) => {
      if (event.detail.elt.id !== "composer") return;
      inFlight = null;
      form()?.removeAttribute("aria-busy");
      if (name !== "htmx:afterRequest") window.gs.toast("There is no connection. Your text was not sent; it is still in the box.", "error");
    });
  }

  // What was typed while the answer was on its way stays.
  document.addEventListener("composer:sent", (event) => {
    const area = box();
    if (!area) return;
    const sent = inFlight ? inFlight.words : area.value;
    area.value = area.value.startsWith(sent) ? area.value.slice(sent.length).trimStart() : "";
    form().elements.submission_key.value = event.detail.submission_key;
    form().elements.seen_up_to.value = event.detail.seen_up_to;
    delete form().dataset.suggestion;
    const later = document.getElementById("later");
    if (later) {
      later.open = false;
      const at = document.getElementById("send-at");
      at.value = "";
      at.dispatchEvent(new Event("input", { bubbles: true }));
    }
    area.dispatchEvent(new Event("input", { bubbles: true }));
    area.focus();
    window.gs.forgetDraft();
  });

  // A template goes where the caret is.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-template]");
    if (!button) return;
    document.getElementById("templates").hidePopover();
    const answer = await fetch(button.dataset.template, { headers: { Accept: "application/json" } });
    if (!answer.ok) { window.gs.toast("The template could not be read. Try again.", "error"); return; }
    compose(await answer.json());
  });

  function compose(filled) {
    const area = box();
    if (form().dataset.suggestion) { area.value = ""; delete form().dataset.suggestion; }
    area.setRangeText(filled.body, area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
    area.focus({ preventScroll: true });
    if (filled.missing) window.gs.toast(filled.missing, "warning");
  }

  // Seen by being shown for a moment: a colleague's answer no longer stops what is sent after it.
  function seen(upTo) {
    setTimeout(() => {
      const field = form()?.elements.seen_up_to;
      if (field && !document.hidden) field.value = Math.max(Number(field.value), upTo);
    }, 1500);
  }

  window.gs = Object.assign(window.gs || {}, { compose, seenUpTo: seen, composerHasWords: () => Boolean(box()?.value.trim()) && !form().dataset.suggestion });
})();
