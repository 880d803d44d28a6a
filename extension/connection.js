// Where this browser is connected, and every call the extension itself makes there. What is stored: the address of the
// company's Grayscale, the token it issued and whose it is. Content scripts cannot read it.
const PENDING = "connecting";
const KEPT = "connection";

chrome.storage.local.setAccessLevel?.({ accessLevel: "TRUSTED_CONTEXTS" });

// {app, token, name}; without a token this browser is not connected, without an app it never was.
export async function connection() {
  const kept = (await chrome.storage.local.get(KEPT))[KEPT];
  if (kept) return kept;
  const packed = await fetch(chrome.runtime.getURL("deployment.json")).then((answer) => answer.json());
  return packed.app ? { app: packed.app } : {};
}

export function onConnectionChange(tell) {
  chrome.storage.local.onChanged.addListener((changes) => { if (KEPT in changes) tell(); });
}

// The origin typed, or null for what is none. http is for a machine's own loopback only.
export function originOf(typed) {
  let url;
  try { url = new URL(typed.includes("://") ? typed.trim() : `https://${typed.trim()}`); } catch { return null; }
  const isLoopback = ["127.0.0.1", "localhost"].includes(url.hostname);
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopback) ? url.origin : null;
}

// To be called straight from a click: the browser asks for the one permission only then. Answers whether it was given.
export async function connect(app) {
  const { protocol, hostname } = new URL(app);
  const isGranted = await chrome.permissions.request({ origins: [`${protocol}//${hostname}/*`] });
  if (!isGranted) return false;
  const verifier = base64url(crypto.getRandomValues(new Uint8Array(32)));
  const challenge = base64url(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier)));
  await chrome.storage.session.set({ [PENDING]: { app, verifier } });
  const query = new URLSearchParams({ challenge, origin: location.origin });
  await chrome.tabs.create({ url: `${app}/extension/connect?${query}` });
  return true;
}

// The page that follows a person's yes carries a code; alone it is worth nothing, the verifier never left this browser.
export async function finishConnecting(tabId, address) {
  const pending = (await chrome.storage.session.get(PENDING))[PENDING];
  if (!pending || !address.startsWith(`${pending.app}/extension/connected#code=`)) return false;
  await chrome.storage.session.remove(PENDING);
  const code = decodeURIComponent(address.split("#code=")[1]);
  const answer = await ask(pending.app, "token", { method: "POST", body: new URLSearchParams({ code, verifier: pending.verifier }) });
  if (!answer?.ok) {
    await chrome.tabs.update(tabId, { url: `${pending.app}/extension/connected?failed=1` });
    return false;
  }
  const { token, name } = await answer.json();
  await chrome.storage.local.set({ [KEPT]: { app: pending.app, token, name } });
  await chrome.tabs.update(tabId, { url: `${pending.app}/text-from-lever` });
  return true;
}

// How many texts of this opportunity's candidate are unread: {state: "ok", unread}, or why that is not known:
// "unconnected", "signed-out" or "away".
export async function unread(opportunity) {
  const { app, token } = await connection();
  if (!token) return { state: app ? "signed-out" : "unconnected" };
  const answer = await ask(app, `unread/${encodeURIComponent(opportunity)}`, { headers: bearer(token) });
  if (answer?.status === 401) {
    await forget(app);
    return { state: "signed-out" };
  }
  if (!answer?.ok) return { state: "away" };
  return { state: "ok", unread: (await answer.json()).unread };
}

// Ends the sign-in. Forgotten here in any case; answers whether it also ended there.
export async function disconnect() {
  const { app, token } = await connection();
  const answer = token ? await ask(app, "end", { method: "POST", headers: bearer(token) }) : null;
  await forget(app);
  return Boolean(answer?.ok) || answer?.status === 401;
}

export async function forget(app) {
  await chrome.storage.local.set({ [KEPT]: { app } });
}

function ask(app, path, options) {
  const signal = AbortSignal.timeout(15000);
  return fetch(`${app}/extension/${path}`, { credentials: "omit", cache: "no-store", redirect: "error", signal, ...options }).catch(() => null);
}

function bearer(token) {
  return { Authorization: `Bearer ${token}` };
}

function base64url(bytes) {
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
