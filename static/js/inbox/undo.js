// A toast that says how to take back what was just done: HX-Trigger {"toast": {"message": "…", "undo": "/path"}}.
document.addEventListener("toast", (event) => {
  const { undo } = event.detail;
  const toast = document.getElementById("toasts")?.lastElementChild;
  if (!undo || !toast) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "undo";
  button.textContent = "Undo";
  button.title = "Undo (z)";
  button.addEventListener("click", async () => {
    const data = new FormData();
    data.set("csrf_token", document.querySelector('[name="csrf_token"]').value);
    const answer = await fetch(undo, { method: "POST", body: data, headers: { "HX-Request": "true" } }).catch(() => null);
    toast.remove();
    if (!answer?.ok) { window.gs.toast("That could not be taken back. Try again.", "error"); return; }
    // What came of it is said as after any act.
    const said = JSON.parse(answer.headers.get("HX-Trigger") || "{}").toast;
    if (said) window.gs.toast(said.message, said.category);
    document.dispatchEvent(new CustomEvent("inbox:leave", { detail: {} }));
  });
  toast.querySelector("span").after(button);
});
