// Of what somebody asks for in quick succession the last one counts, in whatever order the answers come.
(() => {
  const watched = new WeakSet();
  let restoring = null;

  function stopRestoring() {
    restoring?.abort();
    restoring = null;
  }

  // Back and Forward take the place of what was to be opened, and the other way round.
  document.addEventListener("htmx:historyCacheMiss", (event) => {
    stopRestoring();
    for (const element of document.querySelectorAll("#inbox, #search")) htmx.trigger(element, "htmx:abort");
    restoring = event.detail.xhr;
  });
  document.addEventListener("htmx:beforeRequest", ({ detail: { elt } }) => {
    if (elt.matches(".row-link, #views a, #search")) stopRestoring();
    const pane = elt.closest("#conversation");
    if (pane && !watched.has(pane)) watch(pane);
  });

  // What was done in a conversation that is open no more changes nothing in this one. That it was done is told: what happens
  // in a pane that was taken away is heard there only.
  function watch(pane) {
    watched.add(pane);
    pane.addEventListener("htmx:beforeSwap", (event) => { if (!pane.isConnected) event.detail.shouldSwap = false; });
    for (const told of ["toast", "inbox:poll"]) {
      pane.addEventListener(told, (event) => { if (!pane.isConnected) htmx.trigger(document.body, told, event.detail); });
    }
  }
})();
