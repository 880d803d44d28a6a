// A toast that says how to take back what was just done: HX-Trigger {"toast": {"message": "…", "undo": "/path"}}.
document.addEventListener("toast", (event) => {
  const { undo } = event.detail;
  const toast = document.getElementById("toasts")?.lastElementChild;
  if (!undo || !toast) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "undo";
  button.textContent = "Undo";
  button.addEventListener("click", async () => {
    const data = new FormData();
    data.set("csrf_token", document.querySelector('[name="csrf_token"]').value);
    const answer = await fetch(undo, { method: "POST", body: data, redirect: "manual" }).catch(() => null);
    toast.remove();
    if (!answer || answer.status >= 400) { window.gs.toast("That could not be taken back. Try again.", "error"); return; }
    document.dispatchEvent(new CustomEvent("inbox:leave", { detail: {} }));
  });
  toast.querySelector("span").after(button);
});
