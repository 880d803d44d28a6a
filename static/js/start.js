// Runs before the first paint: styles may rely on html.js.
document.documentElement.classList.add("js");
