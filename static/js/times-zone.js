// Shows a candidate's times on their phone's own clock, once, unless they chose a zone themselves.
(() => {
  const shown = document.querySelector("[data-zone]");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const address = new URL(location.href);
  if (!shown || !zone || shown.dataset.zone === zone || address.searchParams.has("zone")) return;
  if (!address.pathname.match(/^\/times\/[^/]+$/)) return;
  address.searchParams.set("zone", zone);
  location.replace(address);
})();
