// In the frame of the browser extension: tells it, and nobody else, what it has to know; leads out of the frame what
// does not belong into it.
(() => {
  const origin = document.querySelector('meta[name="panel-origin"]').content;
  const INSIDE = /^\/(?:inbox\/\d+|lever\/|panel\/)/;

  function tell(type) {
    if (window.parent !== window) window.parent.postMessage({ type: `grayscale:${type}` }, origin);
  }

  document.addEventListener("DOMContentLoaded", () => {
    if (document.querySelector("[data-panel-ended]")) tell("ended");
    else if (document.querySelector("#conversation[data-id]")) tell("read");
  });
  document.addEventListener("inbox:read", () => tell("read"));

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || link.hasAttribute("hx-get") || link.getAttribute("href").startsWith("#")) return;
    if (link.origin === location.origin && INSIDE.test(link.pathname) && !link.hasAttribute("data-outside")) return;
    link.target = "_blank";
    link.rel = "noopener";
  }, { capture: true });
})();
