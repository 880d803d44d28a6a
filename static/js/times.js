// Keeps <time data-ago> right while a page stays open. Same words as the server's `ago`.
(() => {
  function words(seconds) {
    if (seconds < 45) return "now";
    if (seconds < 3570) return `${Math.max(1, Math.round(seconds / 60))} min`;
    if (seconds < 84600) return `${Math.max(1, Math.round(seconds / 3600))} h`;
    if (seconds < 6.5 * 86400) return `${Math.round(seconds / 86400)} d`;
    return null;
  }
  function refresh() {
    for (const element of document.querySelectorAll("time[data-ago]")) {
      const seconds = (Date.now() - Date.parse(element.dateTime)) / 1000;
      const now = words(seconds);
      const suffix = element.dataset.ago;
      if (now === null || seconds < -5) continue;
      const text = !suffix ? now : now === "now" ? "just now" : `${now} ${suffix}`;
      if (element.textContent !== text) element.textContent = text;
    }
  }
  setInterval(refresh, 20000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
})();
