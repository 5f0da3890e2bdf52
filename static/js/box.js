/** The message box on the page: what stands in it, what Enter does there, and the drafts of what is written in it. */

const NEAR_LIMIT = 0.9;
const growsByItself = CSS.supports("field-sizing", "content");

export const form = () => document.getElementById("composer");
export const box = () => document.getElementById("composer-text");
export const chips = () => document.getElementById("composer-attachments");
export const attached = () => Array.from(chips().querySelectorAll("[name=attachment]"), (input) => input.value);

export function fit() {
  const area = box();
  if (!growsByItself) {
    area.style.blockSize = "auto";
    area.style.blockSize = `${area.scrollHeight}px`;
  }
  const limit = Number(form().dataset.maxLength);
  const near = area.value.length > limit * NEAR_LIMIT; // UTF-16 units are never fewer than characters
  const count = document.getElementById("composer-count");
  const length = near ? [...area.value].length : 0;
  count.textContent = near ? `${length.toLocaleString()} / ${limit.toLocaleString()}` : "";
  count.toggleAttribute("data-over", length > limit);
}

export function setText(text) {
  box().value = text;
  fit();
}

export function complain(sentence, what = "") {
  const place = document.getElementById("composer-error");
  place.replaceChildren();
  if (!sentence) return;
  const line = document.createElement("p");
  line.className = "composer-problem";
  if (what) line.setAttribute(`data-${what}`, "");
  line.textContent = sentence;
  place.append(line);
}

export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // randomUUID is missing outside of HTTPS
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

// --- Enter ----------------------------------------------------------------------------------------

// On a phone Enter makes a new line, and the button sends. Where such a device has a fine pointer too, as a tablet in a
// keyboard, Enter sends from real keys: a keyboard that is drawn covers a part of the page, or has no places of keys.
const onTouch = matchMedia("(pointer: coarse) and (hover: none)");
const hasPointer = matchMedia("(any-pointer: fine)");

function isDrawn({ code }) {
  const covered = visualViewport && visualViewport.height * visualViewport.scale < innerHeight * 0.8;
  return !hasPointer.matches || !code || covered;
}

function sendsWith(event) {
  if (event.key !== "Enter" || !event.target.matches?.("#composer-text, form.edit textarea")) return false;
  return event.ctrlKey || event.metaKey || !(event.shiftKey || (onTouch.matches && isDrawn(event)));
}

/** Without a script Enter makes a new line everywhere: that is what stands in the templates. */
function nameEnter(part) {
  const hint = onTouch.matches ? "enter" : "send";
  for (const area of part.querySelectorAll("textarea[enterkeyhint]")) area.enterKeyHint = hint;
  const send = part.querySelector("#composer .send");
  if (send) send.title = onTouch.matches ? send.ariaLabel : send.dataset.titleWithKey;
}

onTouch.addEventListener("change", () => nameEnter(document));
document.addEventListener("htmx:load", ({ detail: { elt } }) => {
  if (elt.matches?.("#conversation, form.edit")) nameEnter(elt);
});
nameEnter(document);

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229 || event.defaultPrevented || !sendsWith(event)) return;
  event.preventDefault();
  event.target.form.requestSubmit();
});

// --- Drafts ---------------------------------------------------------------------------------------

/**
 * Unsent messages, kept by the browser under the key of their person, conversation and tab: two tabs write two messages.
 * What a tab that was closed has left is taken on by the next one that shows the conversation.
 *
 * A draft is {text, files, id, at, sent}: `id` of a text that was sent and may have arrived, `at` when it was written,
 * `sent` what goes ahead of it, is on its way or waits for the line: [{text, files, id}].
 */

const ANSWER_MS = 120; // until the other tabs have said that they are there
const SETTLED_MS = 1000;
const tabs = globalThis.BroadcastChannel ? new BroadcastChannel("tabs") : null;
let mine = ownName(false);

function ownName(isNew) {
  const made = Array.from(crypto.getRandomValues(new Uint32Array(2)), (part) => part.toString(36)).join("");
  try {
    const name = (!isNew && sessionStorage.getItem("tab")) || made;
    sessionStorage.setItem("tab", name);
    return name;
  } catch {
    return made;
  }
}

tabs?.addEventListener("message", ({ data }) => {
  if (data.ask) tabs.postMessage({ here: mine, at: form()?.dataset.ownKey });
  else if (data.here === mine && isFresh) rename();
});

// A tab that was made as a copy of another one has its name too. Asked late: the page before this one in the same tab
// may still be on its way out.
let isFresh = false;
setTimeout(() => {
  isFresh = true;
  tabs?.postMessage({ ask: true });
  setTimeout(() => {
    isFresh = false;
  }, SETTLED_MS);
}, SETTLED_MS);
addEventListener("pagehide", ({ persisted }) => persisted || tabs?.close());

function rename() {
  mine = ownName(true);
  document.dispatchEvent(new CustomEvent("tab:renamed"));
}

// A page that comes after the log-in keeps drafts again; one from before a log-out keeps none (forget.js).
const LOGGED_OUT = `logged-out:${document.body.dataset.person}`;
try {
  localStorage.removeItem(LOGGED_OUT);
} catch {
  // Storage is forbidden.
}

export function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? {};
  } catch {
    return {};
  }
}

export function write(key, draft) {
  try {
    if (localStorage.getItem(LOGGED_OUT)) return;
    const isEmpty = !draft.text && !draft.files?.length && !draft.sent?.length;
    if (isEmpty) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify({ ...draft, at: Date.now() }));
  } catch {
    // Storage is full or forbidden: the draft then lives as long as the page.
  }
}

/** The message with this id has arrived: what was written besides stays. */
export function arrived(key, id) {
  const draft = read(key);
  const sent = (draft.sent ?? []).filter((one) => one.id !== id);
  if (draft.id === id) write(key, { sent });
  else if (draft.sent) write(key, { ...draft, sent });
}

/** The key of this tab for a draft. */
export const keyOf = (key) => `${key}:${mine}`;

/** Takes on what the last tab that is gone has left of this conversation, if this tab has nothing. */
export async function takeOn(key) {
  const own = keyOf(key);
  if (localStorage.getItem(own)) return false;
  const left = Object.keys(localStorage).filter((one) => one === key || one.startsWith(`${key}:`));
  if (!left.length) return false;
  const there = await othersThere(key);
  const orphans = left.filter((one) => !there.has(one.slice(key.length + 1)) && localStorage.getItem(one));
  const [last] = orphans.sort((one, other) => (read(other).at ?? 0) - (read(one).at ?? 0));
  if (!last || localStorage.getItem(own)) return false;
  localStorage.setItem(own, localStorage.getItem(last));
  localStorage.removeItem(last);
  return true;
}

/** The other tabs: all that are open for a new chat; for a conversation, where all see one, those that show it. */
async function othersThere(key) {
  const there = new Set();
  const hear = ({ data: { here, at } }) => here && (key.endsWith(":new") || at === key) && there.add(here);
  tabs?.addEventListener("message", hear);
  tabs?.postMessage({ ask: true });
  await new Promise((done) => setTimeout(done, ANSWER_MS));
  tabs?.removeEventListener("message", hear);
  return there;
}
