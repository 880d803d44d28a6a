// Answers the tab on Lever's pages and opens the panel beside them.
import { finishConnecting, onConnectionChange, unread } from "./connection.js";

chrome.runtime.onInstalled.addListener(({ reason }) => { if (reason === "install") chrome.runtime.openOptionsPage(); });
chrome.action.onClicked.addListener((tab) => openBeside(tab));
chrome.tabs.onUpdated.addListener((tabId, change) => { if (change.url) finishConnecting(tabId, change.url); });
onConnectionChange(tellTabs);

chrome.runtime.onMessage.addListener((message, sender, respond) => {
  if (!isFromLever(sender)) return false;
  if (message?.type === "open") openBeside(sender.tab);
  if (message?.type !== "unread" || typeof message.opportunity !== "string") return false;
  unread(message.opportunity).then(respond);
  return true;
});

// Only our own content script, in the page itself, on one of the addresses the manifest names.
function isFromLever(sender) {
  if (sender.id !== chrome.runtime.id || !sender.tab || sender.frameId !== 0) return false;
  const { protocol, hostname } = new URL(sender.url);
  return chrome.runtime.getManifest().content_scripts[0].matches.includes(`${protocol}//${hostname}/*`);
}

// Nothing may be awaited before it opens: browsers allow it only right after a click.
function openBeside(tab) {
  const path = `panel.html?tab=${tab.id}`;
  if (chrome.sidePanel) {
    chrome.sidePanel.setOptions({ tabId: tab.id, path, enabled: true });
    chrome.sidePanel.open({ tabId: tab.id });
    return;
  }
  // Firefox has a sidebar, and opens it for a click on the toolbar's button, but not for one in a page.
  chrome.sidebarAction.open().catch(() => chrome.windows.create({ url: chrome.runtime.getURL(path), type: "popup", width: 400, height: 760 }));
}

async function tellTabs() {
  for (const tab of await chrome.tabs.query({})) chrome.tabs.sendMessage(tab.id, { type: "refresh" }).catch(() => null);
}
