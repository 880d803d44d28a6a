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
    const sends = enterSends ? !event.shiftKey && !event.altKey : event.shiftKey || event.ctrlKey || event.metaKey;
    if (!sends) return;
    event.preventDefault();
    const isEmpty = !box().value.trim() && !document.getElementById("media")?.files.length;
    if (!event.repeat && !isSending() && !isEmpty) form().requestSubmit(document.getElementById("send"));
  });

  document.addEventListener("input", (event) => {
    if (event.target.id === "message") grow(event.target);
  });

  // Of another conversation's composer, put away meanwhile, one does not hear.
  const isSending = () => inFlight !== null && inFlight.form === form();
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt.id !== "composer") return;
    if (isSending()) { event.preventDefault(); return; }
    if (!navigator.onLine) { event.preventDefault(); window.gs.outcome.unreached(); return; }
    inFlight = { form: form(), words: box().value };
    window.gs.outcome.begins(inFlight.words);
    form().setAttribute("aria-busy", "true");
    const isLater = event.detail.requestConfig?.triggeringEvent?.submitter?.name === "later";
    if (!isLater) window.gs.sending.begins(inFlight.words, document.getElementById("media").files.length);
  });
  // What went before under the same key: the words stay, with a key of their own.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id === "composer-notes" && event.detail.xhr.status === 409) Object.assign(event.detail, { shouldSwap: true, isError: false });
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt.id !== "composer" || !isSending()) return;
    const { words } = inFlight;
    const { status, responseText } = event.detail.xhr;
    inFlight = null;
    form().removeAttribute("aria-busy");
    if (status >= 300 || !status) window.gs.sending.over();
    if (!status || status === 408 || status >= 500) { window.gs.outcome.unclear(words); return; }
    window.gs.outcome.known();
    if (status < 400 || [401, 409, 422].includes(status)) return;
    const why = responseText && responseText.length < 400 && !responseText.includes("<") ? responseText : `The server answered ${status}.`;
    window.gs.outcome.say(`${why} Your text was not sent; it is still in the box.`);
  });

  // What was typed while the answer was on its way stays, behind what went or in its place.
  document.addEventListener("composer:sent", (event) => {
    const area = box();
    if (!area) return;
    const sent = isSending() ? inFlight.words : area.value;
    if (area.value.startsWith(sent)) area.value = area.value.slice(sent.length).trimStart();
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
    if (document.activeElement === document.body || form().contains(document.activeElement)) area.focus();
    window.gs.forgetDraft();
  });

  // Said where a refused Send would say it, and once.
  function notes(words) {
    const line = document.createElement("p");
    line.className = "field-error";
    line.textContent = words;
    document.getElementById("composer-notes").replaceChildren(line);
  }

  // Words from elsewhere go where the caret is, in place of a suggestion.
  function compose(filled) {
    const area = box();
    area.focus({ preventScroll: true });
    if (form().dataset.suggestion) { area.select(); delete form().dataset.suggestion; }
    // As if they were typed: nothing else lets the browser take them back with Ctrl+Z.
    if (document.activeElement !== area || !document.execCommand("insertText", false, filled.body)) {
      area.setRangeText(filled.body, area.selectionStart, area.selectionEnd, "end");
      area.dispatchEvent(new Event("input", { bubbles: true }));
    }
    if (filled.missing) notes(filled.missing);
  }

  // What a text lacks goes behind its words at a click.
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.('#composer-notes [name="append"]');
    if (!button) return;
    event.preventDefault();
    const area = box();
    delete form().dataset.suggestion;
    area.setSelectionRange(area.value.length, area.value.length);
    compose({ body: `${/\S$/.test(area.value) ? " " : ""}${button.value}` });
    document.getElementById("composer-notes").replaceChildren();
  });

  // A colleague's text that came in meanwhile is told where one writes, until the words are sent or given up.
  function answered(who, upTo) {
    const notes = document.getElementById("composer-notes");
    // Whoever was stopped by it has been told.
    if (Number(notes.querySelector('[name="confirmed_up_to"]')?.value) >= upTo) return;
    const note = document.createElement("div");
    note.className = "meanwhile answered";
    const words = document.createElement("p");
    words.textContent = `${who} answered while you are writing.`;
    note.append(words);
    notes.querySelector(".answered")?.remove();
    notes.append(note);
  }
  document.addEventListener("input", (event) => {
    if (event.target.id === "message" && !event.target.value.trim()) document.querySelector("#composer-notes .answered")?.remove();
  });

  // Seen by being shown for a moment: a colleague's answer no longer stops what is sent after it.
  function seen(upTo) {
    setTimeout(() => {
      const field = form()?.elements.seen_up_to;
      if (field && !document.hidden) field.value = Math.max(Number(field.value), upTo);
    }, 1500);
  }

  window.gs = Object.assign(window.gs || {}, { compose, answered, seenUpTo: seen, composerHasWords: () => Boolean(box()?.value.trim()) && !form().dataset.suggestion });
})();
