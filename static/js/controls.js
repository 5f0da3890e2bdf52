/**
 * What is pressed anywhere: menus, Enter in a box for messages, shortcuts.
 *
 * Menus stand on top of everything, so that no list cuts them off: those that details unfold, and those of messages, which
 * the browser itself opens. Without a script a menu is what its details unfold.
 */

const shownMenu = () => document.querySelector(".menu-items:popover-open");
const buttonOf = (menu) => menu.closest("details")?.firstElementChild ?? document.querySelector(`[popovertarget="${menu.id}"]`);
const entriesOf = (menu) => [...menu.querySelectorAll(":is(a, button):not(:disabled)")];
let byKey = false; // then the focus goes into the menu

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (menu !== except) menu.open = false;
}

function showMenu(details) {
  const menu = details.querySelector(".menu-items");
  if (!details.open) return menu.matches(":popover-open") && menu.hidePopover();
  if (!menu.matches(":popover-open")) menu.showPopover({ source: details.firstElementChild });
}

document.addEventListener(
  "toggle",
  ({ target, newState }) => {
    if (target.matches?.("details.menu")) showMenu(target);
    else if (target.matches?.(".menu-items") && newState === "open" && byKey) entriesOf(target)[0]?.focus();
  },
  true,
);
document.addEventListener("htmx:afterSwap", ({ detail: { target } }) => {
  if (byKey && target.matches(".menu-items:popover-open")) entriesOf(target)[0]?.focus();
});

// What lies below a sheet is not meant by who presses beside it.
const asSheet = matchMedia("(pointer: coarse), (width < 30rem)");
let isAside = false;

document.addEventListener(
  "pointerdown",
  ({ target }) => {
    const menu = shownMenu();
    byKey = false;
    isAside = asSheet.matches && menu && !menu.contains(target) && !buttonOf(menu)?.contains(target);
  },
  true,
);
document.addEventListener(
  "click",
  (event) => {
    if (!isAside || event.detail === 0) return;
    isAside = false;
    event.preventDefault();
    event.stopPropagation();
    closeMenus();
  },
  true,
);
document.addEventListener("click", (event) => {
  const menu = event.target.closest("details.menu");
  closeMenus(event.target.closest(".menu-items") ? null : menu);
});
document.addEventListener("focusin", ({ target }) => closeMenus(target.closest("details.menu")));

/** The entry that a key leads to, if any: by arrows, Home and End, or by the first letter. */
function entryAt(key, entries) {
  const at = entries.indexOf(document.activeElement);
  const places = { ArrowDown: at + 1, ArrowUp: at < 0 ? -1 : at - 1, Home: 0, End: -1 };
  if (key in places) return entries.at(places[key] % entries.length);
  const from = [...entries.slice(at + 1), ...entries.slice(0, at + 1)];
  return from.find((entry) => entry.textContent.trim().toLowerCase().startsWith(key.toLowerCase()));
}

document.addEventListener(
  "keydown",
  (event) => {
    byKey = true;
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const button = target.closest?.('details.menu > summary, [popovertarget$="-menu"]');
    if (!shownMenu() && button && (key === "ArrowDown" || key === "ArrowUp")) button.click();
    const menu = shownMenu();
    const isThere = menu && (menu.contains(target) || buttonOf(menu) === target);
    const isLetter = key.length === 1 && key !== " ";
    if (button && key.startsWith("Arrow") && !isThere) return event.preventDefault();
    if (!isThere || !(isLetter || /^(Arrow(Up|Down)|Home|End)$/.test(key))) return;
    event.preventDefault();
    entryAt(key, entriesOf(menu))?.focus();
  },
  true,
);
document.addEventListener("keydown", (event) => {
  const menu = document.querySelector("details.menu[open]");
  if (event.key === "Escape" && menu) {
    event.preventDefault();
    menu.open = false;
    menu.firstElementChild.focus();
  }
});

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
