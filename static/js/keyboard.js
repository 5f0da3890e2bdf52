/** The keyboard: what Enter does in a box for messages, and the shortcuts. */

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

// --- Shortcuts: what they do is loaded with the first of them -------------------------------------

const aids = document.getElementById("aids");
const isApple = /Mac|iP/.test(navigator.platform);
const shortcuts = JSON.parse(aids.dataset.keys);

async function act(name) {
  (await import(aids.dataset.shortcuts)).run(name);
}

/** As in the table: "mod+k", "n", "?". With Hangul on, the key's place says which letter is meant. */
function combination(event) {
  const place = /^Key([A-Z])$/.exec(event.code)?.[1];
  const key = (place && !/^[a-z]$/i.test(event.key) ? place : event.key).toLowerCase();
  const isOwn = isApple ? event.metaKey : event.ctrlKey;
  const isForeign = isApple ? event.ctrlKey : event.metaKey;
  const showsShift = event.shiftKey && (key.length > 1 || place);
  const parts = [isForeign && "foreign", isOwn && "mod", event.altKey && "alt", showsShift && "shift", key];
  return parts.filter(Boolean).join("+");
}

/** In a field letters are text, and Alt with an arrow moves in it. */
function isTyped(keys, target) {
  const field = target.closest?.("input, textarea, select, [contenteditable]");
  return field && !keys.startsWith("mod+") && !(keys.startsWith("alt+") && !field.value);
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.keyCode === 229) return;
  const keys = combination(event);
  const name = Object.hasOwn(shortcuts, keys) && shortcuts[keys];
  if (!name || isTyped(keys, event.target)) return;
  if (document.querySelector("dialog[open]") && name !== "palette") return;
  event.preventDefault();
  if (!event.repeat || name.endsWith("-question")) void act(name);
});

document.addEventListener("click", (event) => {
  const source = event.target.closest("[data-action]");
  if (!source || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  void act(source.dataset.action);
});
