// The focus stays on something: what it stands on may be replaced, switched off or taken away meanwhile.
(() => {
  const HOMES = "#compose, #head, #panel, #thread, #list, #views";
  const FOCUSABLE = "a[href], button, input, select, textarea, summary, label, [tabindex]";
  let last = null;
  let beforeToast = null;
  let waits = false;
  let quietUntil = 0;

  const isUsable = (element) => element.isConnected && !element.disabled && element.checkVisibility() && !element.closest("[inert]");
  const usable = (selector) => [...document.querySelectorAll(selector)].find(isUsable);
  const quoted = (element, name) => (element.getAttribute(name) ? `[${name}="${CSS.escape(element.getAttribute(name))}"]` : "");

  // Finds what stands in the same place once more, after a swap too.
  function selectorOf(element) {
    if (element.id) return `#${CSS.escape(element.id)}`;
    const home = element.closest("[id]");
    const form = element.closest("form");
    const within = form && `form${quoted(form, "data-key") || quoted(form, "action")} `;
    return `${home ? `#${CSS.escape(home.id)} ` : ""}${within || ""}${element.localName}${["name", "href", "popovertarget"].map((name) => quoted(element, name)).join("")}`;
  }

  document.addEventListener("focusin", (event) => {
    const element = event.target;
    const isToast = Boolean(element.closest("#toasts"));
    if (isToast && last && !last.isToast) beforeToast = last;
    last = { element, isToast, selector: selectorOf(element), home: element.closest(HOMES)?.id };
  });
  // Whoever points beside everything wants the focus nowhere.
  document.addEventListener("pointerdown", (event) => { if (!event.target.closest?.(FOCUSABLE)) last = null; }, { capture: true });

  function nearest({ home }) {
    const here = home === "compose" ? ["#message", "#gate .opted-out"] : ["head", "panel", "thread"].includes(home) ? ["#thread"] : [];
    for (const selector of [...here, ".row-link[aria-current]", "#thread", "#list", "#main"]) {
      const found = usable(selector);
      if (found) return found;
    }
    return null;
  }

  function rescue() {
    waits = false;
    const now = document.activeElement;
    if (!last || (now && now !== document.body && isUsable(now))) return;
    // A button that is switched off while its request runs is waited for.
    if (last.element.isConnected && last.element.disabled) return;
    const from = last.isToast && !last.element.isConnected ? beforeToast : last;
    const place = from && ((isUsable(from.element) && from.element) || usable(from.selector) || nearest(from));
    if (!place) return;
    // Whoever was typing goes on for a moment: that is no shortcut.
    if (last.element.matches("textarea, input")) quietUntil = Date.now() + 1500;
    if (!place.matches(FOCUSABLE)) place.tabIndex = -1;
    place.focus({ preventScroll: true });
  }

  document.addEventListener("keydown", (event) => {
    if (Date.now() < quietUntil && !event.target.matches("textarea, input")) event.stopImmediatePropagation();
  }, { capture: true });

  function soon() {
    if (waits) return;
    waits = true;
    requestAnimationFrame(rescue);
  }
  new MutationObserver(soon).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["class", "disabled", "hidden"] });
})();
