// One's own text stands in the thread at once, until the server's stands there instead or says why it did not go. The words
// stay in the composer meanwhile.
(() => {
  let shown = null;

  const mine = () => document.querySelectorAll("#tail .message.me:not(.sending)");

  function begins(words, pictures) {
    over();
    if (!document.getElementById("tail")) return;
    const item = document.createElement("li");
    item.className = "message me is-queued sending";
    item.innerHTML = '<p class="said-by"><span>You</span></p><div class="bubble"><p class="body"></p></div><p class="message-foot">Sending…</p>';
    item.querySelector(".body").textContent = words.trim() || (pictures > 1 ? `${pictures} pictures` : "Picture");
    shown = { item, known: new Set([...mine()].map((message) => message.id)), sentAt: null };
    place();
    document.dispatchEvent(new CustomEvent("composer:sending"));
  }

  // Behind those that wait for the carrier, as the server will put it.
  function place() {
    const { item } = shown;
    const before = [...document.querySelectorAll("#tail .waiting .is-queued")].at(-1);
    item.classList.toggle("starts", !before);
    item.firstElementChild.classList.toggle("visually-hidden", Boolean(before));
    if (before) before.after(item);
    else document.querySelector("#tail .messages").append(item);
  }

  function over() {
    shown?.item.remove();
    shown = null;
  }

  // Around a refresh of the thread: what came of it may be there before the answer to Send is.
  function during(refresh) {
    shown?.item.remove();
    refresh();
    if (!shown) return;
    if ([...mine()].some((message) => !shown.known.has(message.id))) over();
    else place();
  }

  // What a poll that was asked after it was taken does not tell is told already.
  function polled(askedAt) {
    if (shown && shown.sentAt !== null && askedAt > shown.sentAt) over();
  }

  document.addEventListener("composer:sent", () => { if (shown) shown.sentAt = performance.now(); });

  window.gs = Object.assign(window.gs || {}, { sending: { begins, over, during, polled } });
})();
