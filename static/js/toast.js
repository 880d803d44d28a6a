// Short messages in the corner, announced by the live region #toasts.
// From the server: HX-Trigger {"toast": {"message": "Saved.", "category": "success"}}. From scripts: gs.toast(message, category).
(() => {
  const STAYS_MS = 7000;
  const region = () => document.getElementById("toasts");

  function dismissable(toast, category) {
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-label", "Dismiss");
    button.textContent = "×";
    button.addEventListener("click", () => toast.remove());
    toast.append(button);
    // What went wrong stays until it is read.
    if (category === "error" || category === "warning") return;
    let timer = setTimeout(() => toast.remove(), STAYS_MS);
    toast.addEventListener("mouseenter", () => clearTimeout(timer));
    toast.addEventListener("mouseleave", () => { timer = setTimeout(() => toast.remove(), STAYS_MS); });
  }

  // What went well makes room for the next that did; of what did not, the two newest stay.
  function makeRoom(message, category) {
    const isGood = category === "success";
    const kin = [...region().children].filter((old) => old.matches(".success") === isGood);
    for (const old of kin) if (old.firstElementChild.textContent === message) old.remove();
    const alike = kin.filter((old) => old.isConnected);
    for (const old of alike.slice(0, isGood ? alike.length : -1)) old.remove();
  }

  function toast(message, category = "success") {
    makeRoom(message, category);
    const element = document.createElement("div");
    element.className = `toast ${category}`;
    const words = document.createElement("span");
    words.textContent = message;
    element.append(words);
    dismissable(element, category);
    region().append(element);
    return element;
  }

  for (const element of document.querySelectorAll("#toasts .toast")) {
    dismissable(element, [...element.classList].find((name) => name !== "toast"));
  }
  window.gs = Object.assign(window.gs || {}, { toast });
  document.addEventListener("toast", (event) => toast(event.detail.message, event.detail.category));
  document.addEventListener("htmx:responseError", (event) => {
    const { status, responseText } = event.detail.xhr;
    if (status === 401 || event.target.closest("[data-quiet-errors]")) return;
    toast(responseText && responseText.length < 400 && !responseText.includes("<") ? responseText : `The server answered ${status}. Nothing was lost; try again.`, "error");
  });
  document.addEventListener("htmx:sendError", (event) => {
    if (event.target.closest("[data-quiet-errors]")) return;
    toast(navigator.onLine ? "The connection broke before the server answered. Look whether it was done before you try again." : "There is no connection. Nothing was done; try again.", "error");
  });
})();
