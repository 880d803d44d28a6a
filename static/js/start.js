// Runs before the first paint: styles may rely on html.js.
document.documentElement.classList.add("js");

// A button that only leads somewhere leaves an empty query behind.
if (location.href.endsWith("?")) history.replaceState(history.state, "", location.pathname);

// A link that asks for a part of the page is a link to whoever wants it in a tab or window of its own.
document.addEventListener("click", (event) => {
  if ((event.ctrlKey || event.metaKey || event.shiftKey) && event.target.closest?.("a[href][hx-get]")) event.stopImmediatePropagation();
}, { capture: true });

// "Show more" hands the focus to the first of what it brought.
(() => {
  let before = null;
  document.addEventListener("htmx:beforeSwap", ({ detail: { target } }) => {
    before = target?.id === "more" && target.contains(document.activeElement) ? target.previousElementSibling : null;
  });
  document.addEventListener("htmx:afterSwap", () => {
    before?.nextElementSibling?.querySelector("a, button")?.focus();
    before = null;
  });
})();

// Times are shown in this zone to whoever has chosen none: told before the first page of a signed-in person is made.
(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone || !/^[\w+/-]+$/.test(zone) || document.cookie.split("; ").includes(`zone=${zone}`)) return;
  const secure = location.protocol === "https:" ? ";secure" : "";
  // In the frame of the browser extension only a partitioned cookie is kept.
  const reach = window === window.top ? `;samesite=lax${secure}` : ";samesite=none;secure;partitioned";
  document.cookie = `zone=${zone};path=/;max-age=31536000${reach}`;
})();

// A company begins with the zone of whoever sets it up, where that one is a place.
document.addEventListener("DOMContentLoaded", () => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  const select = document.querySelector("[data-own-zone] [name=time_zone]");
  if (select && zone.includes("/") && [...select.options].some((option) => option.value === zone)) select.value = zone;
});

// After a form was refused one goes on at the first field that was.
document.addEventListener("DOMContentLoaded", () => {
  if (document.activeElement === document.body) document.querySelector('main [aria-invalid="true"]')?.focus();
});
