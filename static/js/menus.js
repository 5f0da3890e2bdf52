/**
 * Menus, on top of everything, so that no list cuts them off: those that details unfold, and those of messages, which
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
