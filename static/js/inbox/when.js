// Beside a minute on the candidate's clock, what one's own shows then; and the other way round.
(() => {
  // "2026-06-01T09:30" as a clock in this zone shows it at this instant; Swedes write dates like that.
  function shown(instant, zone) {
    return new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "short", timeZone: zone }).format(instant).replace(" ", "T");
  }

  function instant(minute, zone) {
    const wanted = Date.parse(`${minute}Z`);
    const off = (guess) => Date.parse(`${shown(guess, zone)}Z`) - guess;
    // Twice, as the clocks may change between the first guess and the right answer.
    return wanted - off(wanted - off(wanted));
  }

  function tell(field) {
    const whose = document.getElementById(`${field.id}-clock`);
    const words = document.getElementById(`${field.id}-other`);
    if (!field.value) { words.textContent = ""; return; }
    const isMine = whose.value === "mine";
    const { mine, theirs } = whose.dataset;
    const other = new Intl.DateTimeFormat(undefined, { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: isMine ? theirs : mine });
    words.textContent = `${other.format(instant(field.value, isMine ? mine : theirs))} ${isMine ? "for the candidate" : "for you"}`;
  }

  const told = (event) => {
    const field = document.getElementById(event.target.id.replace(/-clock$/, ""));
    if (field?.hasAttribute("data-when")) tell(field);
  };
  document.addEventListener("input", told);
  document.addEventListener("change", told);
})();
