// <button data-copy="id of a field">: copies its value and says so, to the eye and to a screen reader.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  const words = button.querySelector("[data-copy-words]") || button;
  field.select();
  let copied = true;
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    // No clipboard permission or no secure context: the old way still works on a selected field.
    copied = document.execCommand("copy");
  }
  if (!copied) {
    window.gs.toast("The browser did not let us copy. It is selected: press Ctrl+C.", "warning");
    return;
  }
  words.textContent = "Copied";
  button.classList.add("copied");
  window.gs.toast("Copied to the clipboard.", "success");
  setTimeout(() => { words.textContent = "Copy"; button.classList.remove("copied"); }, 3000);
});
