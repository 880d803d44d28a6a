// The panel beside Lever: the app's own conversation in a frame, of whichever candidate its tab is at.
import { connect, connection, forget, onConnectionChange, unread } from "./connection.js";

// Named by whoever opened it for one tab; Firefox's sidebar follows the tab in front.
const named = Number(new URLSearchParams(location.search).get("tab"));
const frame = document.getElementById("conversation");
let at;

async function tabId() {
  if (named) return named;
  const [front] = await chrome.tabs.query({ active: true, currentWindow: true });
  return front?.id;
}

async function show(view) {
  const { app } = await connection();
  for (const section of document.querySelectorAll("[data-view]")) section.hidden = section.dataset.view !== view;
  for (const place of document.querySelectorAll("[data-app]")) place.textContent = app ? new URL(app).host : "";
  frame.hidden = view !== "conversation";
}

async function look() {
  const answer = await chrome.tabs.sendMessage(await tabId(), { type: "where" }).catch(() => null);
  await go(answer?.opportunity ?? null);
}

async function go(opportunity, { anew = false } = {}) {
  if (opportunity === at && !anew) return;
  at = opportunity;
  if (opportunity === null) { frame.src = "about:blank"; await show("nobody"); return; }
  const { state } = await unread(opportunity);
  if (opportunity !== at) return;
  if (state === "ok") await enter(opportunity);
  else await show(state);
}

// The token goes to the app alone, in the body of a request: neither its pages nor any address ever hold it.
async function enter(opportunity) {
  const { app, token } = await connection();
  const form = document.getElementById("enter");
  form.action = `${app}/panel`;
  form.elements.token.value = token;
  form.elements.origin.value = location.origin;
  form.elements.opportunity.value = opportunity;
  form.submit();
  form.elements.token.value = "";
  await show("conversation");
}

chrome.runtime.onMessage.addListener((message, sender) => {
  if (sender.id !== chrome.runtime.id || !sender.tab || sender.frameId !== 0 || message?.type !== "at") return;
  tabId().then((id) => { if (sender.tab.id === id) go(message.opportunity); });
});
// Away from Lever nobody answers; back there somebody does.
chrome.tabs.onUpdated.addListener(async (id, change) => { if (change.status === "complete" && id === await tabId()) look(); });
if (!named) chrome.tabs.onActivated.addListener(look);

// What the app's page in the frame has to say; from anywhere else it is not heard.
window.addEventListener("message", async (event) => {
  const { app } = await connection();
  if (event.source !== frame.contentWindow || event.origin !== app) return;
  if (event.data?.type === "grayscale:ended") await forget(app);
  if (event.data?.type === "grayscale:read") chrome.tabs.sendMessage(await tabId(), { type: "refresh" }).catch(() => null);
});

onConnectionChange(() => go(at ?? null, { anew: true }));
document.getElementById("set-up").addEventListener("click", () => chrome.runtime.openOptionsPage());
document.getElementById("connect").addEventListener("click", async () => connect((await connection()).app));
document.getElementById("again").addEventListener("click", () => go(at, { anew: true }));
look();
