// Beside a minute on the candidate's clock, what one's own shows then; and the other way round.
(() => {
  const DAY_MS = 86_400_000;

  // "2026-06-01T09:30" as a clock in this zone shows it at this instant; Swedes write dates like that.
  function shown(instant, zone) {
    return new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "short", timeZone: zone }).format(instant).replace(" ", "T");
  }

  function instant(minute, zone) {
    const wanted = Date.parse(`${minute}Z`);
    const off = (guess) => Date.parse(`${shown(guess, zone)}Z`) - guess;
    const before = off(wanted - DAY_MS);
    const after = off(wanted + DAY_MS);
    // As the server reads it where the clocks change: a minute that comes twice is the first one, and one that the clocks
    // leave out is counted on from the time before.
    const isAfter = off(wanted - before) !== before && off(wanted - after) === after;
    return wanted - (isAfter ? after : before);
  }

  function tell(field) {
    const whose = document.getElementById(`${field.id}-clock`);
    const words = document.getElementById(`${field.id}-other`);
    if (!field.value) { words.textContent = ""; return; }
    const isMine = whose.value === "mine";
    const { mine, theirs } = whose.dataset;
    const at = instant(field.value, isMine ? mine : theirs);
    const zone = isMine ? theirs : mine;
    const isSameDay = shown(at, zone).slice(0, 10) === field.value.slice(0, 10);
    const date = isSameDay ? {} : { day: "numeric", month: "short" };
    const other = new Intl.DateTimeFormat(undefined, { weekday: "short", ...date, hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone });
    words.textContent = `${other.format(at)} ${isMine ? "for the candidate" : "for you"}`;
  }

  // Whoever goes on elsewhere is done with it.
  document.addEventListener("click", (event) => {
    const later = document.getElementById("later");
    if (later?.open && !event.target.closest("#compose")) later.open = false;
  });

  const told = (event) => {
    const field = document.getElementById(event.target.id.replace(/-clock$/, ""));
    if (field?.hasAttribute("data-when")) tell(field);
  };
  document.addEventListener("input", told);
  document.addEventListener("change", told);
})();
