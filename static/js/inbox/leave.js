// Archived: the next one of the list opens. Put aside as unread, or none follows: nothing is open any more.
(() => {
  const list = () => document.getElementById("list");
  const isBeside = () => Boolean(list()?.checkVisibility());
  const openId = () => document.querySelector("#conversation[data-id]")?.dataset.id;
  const rowsOf = (id) => [...document.querySelectorAll(`#list .row-link[data-id="${id}"]`)];
  let following = null;

  // Of what a search found one conversation may have several rows.
  function follows(id) {
    const all = [...document.querySelectorAll("#list .row-link")];
    const at = all.findIndex((row) => row.dataset.id === id);
    if (at === -1) return null;
    const other = (row) => row.dataset.id !== id;
    return (all.slice(at).find(other) || all.slice(0, at).findLast(other))?.dataset.id ?? null;
  }

  // Looked up before the list is told: by the answer the row may be gone from it.
  document.addEventListener("htmx:beforeRequest", (event) => { if (event.detail.elt.closest("#head")) following = follows(openId()); });

  function close(id) {
    document.dispatchEvent(new CustomEvent("inbox:closing"));
    const nothing = document.getElementById("nothing").content.firstElementChild.cloneNode(true);
    document.getElementById("conversation").replaceWith(nothing);
    nothing.id = "conversation";
    const { q, view } = list().dataset;
    history.pushState({ htmx: true }, "", `/inbox?${new URLSearchParams(q ? { q } : { view })}`);
    document.title = "Inbox · Grayscale";
    window.gs.markOpen();
    window.gs.refreshUnread();
    (rowsOf(id)[0] || list()).focus({ preventScroll: true });
  }

  document.addEventListener("inbox:leave", (event) => {
    const { id, opens } = event.detail;
    // Beside Lever there is no list; and somebody may have chosen another one meanwhile.
    if (!opens || !list() || openId() !== String(id) || (window.gs.opening() ?? openId()) !== openId()) return;
    const [next] = opens === "next" && isBeside() ? rowsOf(following ?? follows(openId())) : [];
    if (!next) { close(id); return; }
    next.focus();
    next.scrollIntoView({ block: "nearest" });
    next.click();
  });
})();
