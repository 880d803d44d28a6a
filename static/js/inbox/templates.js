// The templates above their button: found by name or words, chosen with the arrows and Enter, put where the caret is.
(() => {
  const menu = () => document.getElementById("templates");
  const filter = () => document.getElementById("templates-filter");
  const choices = () => [...menu().querySelectorAll("li:not([hidden]) [data-template]")];

  function find(words) {
    const wanted = words.trim().toLowerCase();
    for (const item of menu().querySelectorAll("li")) item.hidden = !item.textContent.toLowerCase().includes(wanted);
    document.getElementById("templates-none").hidden = choices().length > 0;
  }

  document.addEventListener("toggle", (event) => {
    if (event.target.id !== "templates" || event.newState !== "open") return;
    if (filter()) { filter().value = ""; find(""); }
    (filter() || choices()[0])?.focus();
  }, { capture: true });

  document.addEventListener("input", (event) => { if (event.target.id === "templates-filter") find(event.target.value); });

  // Before the keys of the inbox and of the form around it.
  document.addEventListener("keydown", (event) => {
    if (!event.target.closest?.("#templates")) return;
    event.stopPropagation();
    const all = choices();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    // The field, where there is one, stands before the first.
    const places = filter() ? [filter(), ...all] : all;
    if (step) places[(places.indexOf(document.activeElement) + step + places.length) % places.length]?.focus();
    else if (event.key === "Enter" && event.target === filter()) all[0]?.click();
    else return;
    event.preventDefault();
  }, { capture: true });

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-template]");
    if (!button) return;
    menu().hidePopover();
    const of = document.getElementById("composer");
    const answer = await fetch(button.dataset.template, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer?.ok) { window.gs.toast("The template could not be read. Try again.", "error"); return; }
    const filled = await answer.json();
    if (document.getElementById("composer") === of) window.gs.compose(filled);
  });
})();
