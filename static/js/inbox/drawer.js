// The candidate as a drawer over the messages: a step of the history, with the focus in it while it covers them.
(() => {
  const panel = () => document.getElementById("panel");
  const isOpen = () => Boolean(panel()?.matches(":popover-open"));
  const isStep = () => Boolean(history.state?.drawer);
  let covers = false;
  let isGoingBack = false;

  function cover(on) {
    covers = on;
    for (const part of document.querySelectorAll(".rail, .banners, .list-pane, .thread-pane")) part.inert = on;
  }

  function opened() {
    cover(true);
    panel().querySelector(".panel-close").focus();
    if (!isStep()) history.pushState({ drawer: true }, "");
  }

  function closed() {
    const hadFocus = document.activeElement === document.body || panel()?.contains(document.activeElement);
    cover(false);
    if (hadFocus) document.querySelector(".panel-button")?.focus();
    if (isStep()) { isGoingBack = true; history.back(); }
  }

  document.addEventListener("toggle", (event) => {
    if (event.target.id !== "panel") return;
    if (event.newState === "open") opened();
    else closed();
  }, { capture: true });
  // A conversation that is loaded anew takes its drawer along.
  document.addEventListener("htmx:afterSettle", () => { if (covers && !isOpen()) closed(); });

  // Before htmx, which would load the page anew for a step that only closes the drawer.
  window.addEventListener("popstate", (event) => {
    if (isStep() && panel() && !isOpen()) panel().showPopover();
    else if (isGoingBack) isGoingBack = false;
    else if (isOpen()) panel().hidePopover();
    else return;
    event.stopImmediatePropagation();
  });
  // Back on the page, or loaded anew, at the step at which it was open: it is open again, so that one step back closes it.
  document.addEventListener("DOMContentLoaded", () => {
    if (!isStep()) return;
    if (document.querySelector(".panel-button")?.offsetParent && panel()) panel().showPopover();
    else history.replaceState(null, "");
  });
})();
