// The dialog of an interview: its form comes from the server, which says when it opens and when it is done with.
(() => {
  const dialog = () => document.getElementById("interview-dialog");

  document.addEventListener("interview:open", () => { if (dialog() && !dialog().open) dialog().showModal(); });
  document.addEventListener("interview:close", () => dialog()?.close());

  document.addEventListener("click", async (event) => {
    const close = event.target.closest("[data-close-dialog]");
    if (close && dialog()?.open) { event.preventDefault(); dialog().close(); return; }
    const compose = event.target.closest("[data-compose]");
    if (!compose || !document.getElementById("message")) return;
    event.preventDefault();
    const answer = await fetch(compose.dataset.compose, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer?.ok) { window.gs.toast("The words could not be read. Try again.", "error"); return; }
    const panel = document.getElementById("panel");
    if (panel?.matches(":popover-open")) panel.hidePopover();
    window.gs.compose(await answer.json());
  });

  // Enter in the search for people searches; it does not send the form.
  document.addEventListener("keydown", (event) => {
    if (event.target.id === "iv-find" && event.key === "Enter") event.preventDefault();
  });
})();
