// The thread: begins at its end or at the unread line, keeps its place while older messages come in above.
(() => {
  const NEAR = 80;
  const thread = () => document.getElementById("thread");
  const atEnd = (element) => element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
  let wasAtEnd = true;
  let opened = null;

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
    // Pictures grow after they were laid out.
    for (const picture of element.querySelectorAll("img")) picture.addEventListener("load", () => { if (wasAtEnd) toEnd(); }, { once: true });
    wasAtEnd = atEnd(element);
    element.addEventListener("scroll", () => { wasAtEnd = atEnd(element); if (wasAtEnd) offer(false); }, { passive: true });
  }

  function toEnd() {
    const element = thread();
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
    const stay = element && !atEnd(element);
    const before = document.querySelectorAll("#tail .message").length;
    refresh();
    const grew = document.querySelectorAll("#tail .message").length > before;
    if (!element) return;
    if (!stay) toEnd();
    else if (grew) offer(true);
  }

  // Older messages are put above: what is being read must not move.
  let heightBefore = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target?.id === "earlier") heightBefore = thread().scrollHeight - thread().scrollTop;
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (heightBefore !== null && thread()) { thread().scrollTop = thread().scrollHeight - heightBefore; heightBefore = null; }
    open();
  });
  document.addEventListener("click", (event) => { if (event.target.closest("#to-end")) toEnd(); });
  document.addEventListener("scroll", (event) => {
    // Reaching the top asks for what was before it.
    if (event.target.id === "thread" && event.target.scrollTop < 40) document.querySelector("#earlier a")?.click();
  }, { capture: true, passive: true });
  document.addEventListener("DOMContentLoaded", open);

  window.gs = Object.assign(window.gs || {}, { aroundTail: around, threadAtEnd: () => !thread() || atEnd(thread()) });
})();
