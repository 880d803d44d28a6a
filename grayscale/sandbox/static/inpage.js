// Moves between candidates as the real Lever does: the address changes, the page is not loaded anew.
(() => {
  const isCandidate = (url) => url.origin === location.origin && /^\/candidates\/[^/]+$/.test(url.pathname);

  async function show(url) {
    const answer = await fetch(url);
    if (!answer.ok) { location.assign(url); return; }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.title = page.title;
    document.getElementById("main").replaceWith(page.getElementById("main"));
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || !isCandidate(new URL(link.href))) return;
    event.preventDefault();
    history.pushState(null, "", link.href);
    show(link.href);
    window.scrollTo(0, 0);
  });
  window.addEventListener("popstate", () => show(location.href));
})();
