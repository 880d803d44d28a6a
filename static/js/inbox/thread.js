// The thread: begins at its end or at the unread line, keeps its place while older messages come in above.
(() => {
  const NEAR = 80;
  const thread = () => document.getElementById("thread");
  const atEnd = (element) => element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
  let follows = true;
  let top = 0;
  let opened = null;

  // Whoever is at the end stays there while pictures load, the composer grows or the window turns.
  const grown = new ResizeObserver(() => { if (follows) toEnd(); });

  function open() {
    const conversation = document.getElementById("conversation");
    const element = thread();
    if (!element || conversation === opened) return;
    opened = conversation;
    const line = document.getElementById("unread-line");
    const found = element.querySelector(".highlight");
    if (found) found.scrollIntoView({ block: "center" });
    else if (line && element.scrollHeight > element.clientHeight) element.scrollTop = Math.max(0, line.offsetTop - element.offsetTop - 60);
    else element.scrollTop = element.scrollHeight;
    follows = atEnd(element);
    top = element.scrollTop;
    element.addEventListener("scroll", () => {
      // Growth alone takes nobody from the end; scrolling up does.
      if (atEnd(element)) { follows = true; offer(false); } else if (element.scrollTop < top) follows = false;
      top = element.scrollTop;
    }, { passive: true });
    grown.disconnect();
    for (const part of [element, document.getElementById("tail")]) grown.observe(part);
  }

  function toEnd() {
    const element = thread();
    follows = true;
    if (element) element.scrollTop = element.scrollHeight;
    offer(false);
  }

  function offer(show) {
    const button = document.getElementById("to-end");
    if (button) button.hidden = !show;
  }

  // Called before and after the tail is refreshed.
  function around(refresh) {
    const element = thread();
    const shown = new Set([...document.querySelectorAll("#tail .message")].map((message) => message.id));
    refresh();
    if (!element) return;
    if (follows) toEnd();
    else if ([...document.querySelectorAll("#tail .message:not(.me)")].some((message) => !shown.has(message.id))) offer(true);
  }

  // One's own text is looked at where it goes.
  for (const moment of ["composer:sending", "composer:sent"]) document.addEventListener(moment, toEnd);

  // Older messages are put above: what is being read must not move.
  let heightBefore = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target?.id === "earlier") heightBefore = thread().scrollHeight - thread().scrollTop;
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (heightBefore !== null && thread()) { thread().scrollTop = thread().scrollHeight - heightBefore; heightBefore = null; }
    open();
  });
  // A waiting text that is opened to be changed is looked at, whole.
  document.addEventListener("toggle", (event) => {
    if (!event.target.matches?.("#thread .edit") || !event.target.open) return;
    follows = false;
    event.target.closest(".message").scrollIntoView({ block: "nearest" });
    event.target.querySelector("textarea").focus({ preventScroll: true });
  }, { capture: true });
  // Given up, its words are back and so is the focus.
  document.addEventListener("reset", (event) => {
    const edit = event.target.closest("#thread .edit");
    if (!edit) return;
    edit.open = false;
    edit.querySelector("summary").focus();
  });
  // Taken, it closes before the thread is told anew: what is open is left as it is, and would go on from the words of before.
  document.addEventListener("htmx:beforeOnLoad", ({ detail: { elt, xhr } }) => {
    const edit = elt.closest("#thread .edit");
    if (!edit || xhr.status >= 300) return;
    edit.open = false;
    edit.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => { if (event.target.closest("#to-end")) toEnd(); });
  document.addEventListener("scroll", (event) => {
    // Reaching the top asks for what was before it.
    if (event.target.id === "thread" && event.target.scrollTop < 40) document.querySelector("#earlier a")?.click();
  }, { capture: true, passive: true });
  document.addEventListener("DOMContentLoaded", open);

  window.gs = Object.assign(window.gs || {}, { aroundTail: around, threadAtEnd: () => !thread() || follows || atEnd(thread()) });
})();
