// Set-up: where the company's Grayscale is, and whether this browser is connected to it.
import { connect, connection, disconnect, onConnectionChange, originOf } from "./connection.js";

const form = document.getElementById("set-up");
const problem = document.getElementById("problem");
const done = document.getElementById("done");

async function show() {
  const { app, token, name } = await connection();
  form.hidden = Boolean(token);
  document.getElementById("connected").hidden = !token;
  document.querySelector("[data-app]").textContent = app ? new URL(app).host : "";
  document.querySelector("[data-name]").textContent = name ?? "";
  if (app && !form.elements.app.value) form.elements.app.value = app;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  done.textContent = "";
  const app = originOf(form.elements.app.value);
  problem.textContent = app ? "" : "That is not an address such as https://texting.example.com.";
  if (!app) { form.elements.app.focus(); return; }
  if (!await connect(app)) problem.textContent = "The browser was not allowed to use this address, so nothing was connected.";
});

document.getElementById("disconnect").addEventListener("click", async () => {
  done.textContent = await disconnect()
    ? "Disconnected."
    : "Disconnected here. Grayscale did not answer: end this sign-in under My account as well.";
});

onConnectionChange(show);
show();
