/** Around the conversation: the list, its entries and days, history, dialogs, notices, menus, shortcuts, the screen. */

const TOAST_MS = 8000;
const SLOW_MS = 200; // the bar shows for whatever takes longer
const sidebar = document.getElementById("sidebar");
const main = document.getElementById("main");
const toasts = document.getElementById("toasts");
const pane = () => document.getElementById("conversation");
const isComposing = (event) => event.isComposing || event.keyCode === 229; // by an input method, as with Hangul

// --- The drawer of narrow screens -----------------------------------------------------------------

// Before it closes, so that the focus can go back to the button that opened it.
sidebar.addEventListener("beforetoggle", (event) => {
  const open = event.newState === "open";
  main.inert = open;
  sidebar.setAttribute("role", open ? "dialog" : "navigation");
  sidebar.ariaModal = open ? "true" : null;
});
sidebar.addEventListener("toggle", (event) => {
  if (event.newState === "open") sidebar.querySelector("a, button").focus();
});

function closeDrawer() {
  if (sidebar.matches(":popover-open")) sidebar.hidePopover();
}

matchMedia("(width >= 60rem)").addEventListener("change", closeDrawer);

// --- Which conversation is open -------------------------------------------------------------------

function markCurrent() {
  const here = pane();
  if (!here) return;
  const id = sidebar.dataset.going ?? here.dataset.conversationId;
  const current = document.querySelector(`#conversation-${CSS.escape(id)} > .entry-link`);
  for (const link of sidebar.querySelectorAll("[aria-current]")) link.removeAttribute("aria-current");
  current?.setAttribute("aria-current", "page");
}

document.addEventListener("htmx:load", (event) => {
  if (event.detail.elt.id !== "conversation") return;
  closeDrawer();
  markCurrent();
  if (document.activeElement === document.body || sidebar.contains(document.activeElement)) {
    if (!matchMedia("(hover: hover) and (width >= 60rem)").matches) main.focus({ preventScroll: true });
  }
});
document.addEventListener("htmx:afterSwap", markCurrent);
document.addEventListener("htmx:oobAfterSwap", markCurrent);

// An entry that moves to the top leaves its old place.
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  if (event.detail.target.tagName !== "OL") return;
  for (const entry of event.detail.fragment.querySelectorAll("li[id]")) document.getElementById(entry.id)?.remove();
});

// What was clicked is marked at once, and a thin bar shows when it takes long.
let going = null; // the request of the pane that comes
let slow = null;

document.addEventListener("htmx:beforeSend", ({ detail: { xhr, target, requestConfig } }) => {
  const isInside = requestConfig.elt.closest(".conversation-header, #messages");
  if (target.id !== "conversation" || requestConfig.verb !== "get" || isInside) return;
  goTo(xhr, requestConfig.path);
  xhr.addEventListener("loadend", () => xhr === going && arrive());
});

function goTo(xhr, path) {
  clearTimeout(slow);
  going = xhr;
  sidebar.dataset.going = /\/c\/([0-9a-f-]{36})\//.exec(path)?.[1] ?? "";
  main.ariaBusy = "true";
  slow = setTimeout(() => sidebar.toggleAttribute("data-slow", true), SLOW_MS);
  markCurrent();
}

/** It is there, or did not come: then what is open is marked again, and a notice says why. */
function arrive() {
  clearTimeout(slow);
  going = null;
  delete sidebar.dataset.going;
  delete sidebar.dataset.slow;
  main.ariaBusy = null;
  markCurrent();
}

// One address is one entry of the browser's history.
document.addEventListener("htmx:beforeHistoryUpdate", ({ detail: { history } }) => {
  const { pathname, search } = new URL(history.path, location);
  if (pathname === location.pathname && search === location.search) history.type = "replace";
});

// Going back asks the server for the pane of that address; the list stays. As with links, the last one counts.
document.addEventListener("htmx:historyCacheMiss", (event) => {
  if (!pane()) return;
  event.preventDefault();
  htmx.trigger(main, "htmx:abort");
  const asked = htmx.ajax("GET", event.detail.path, { source: main, target: "#conversation", swap: "outerHTML" });
  asked.catch(() => {}); // given up, or told by a notice
});

// --- Renaming -------------------------------------------------------------------------------------

document.addEventListener("keydown", (event) => {
  if (isComposing(event)) return; // the key ends the syllable, and nothing else
  if (event.key === "Escape" && event.target.closest("[data-rename]")) {
    event.preventDefault();
    cancelRename(event.target.closest("li"));
  }
});

let unrenamed = null; // the entry as it was before its form took its place
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.matches(".entry:not(.entry-rename)")) unrenamed = event.detail.target.cloneNode(true);
});

function cancelRename(form) {
  if (unrenamed?.id !== form.id) return;
  form.replaceWith(unrenamed);
  htmx.process(unrenamed);
  unrenamed.querySelector(".entry-link").focus();
}

// A new title: back to the entry that has it.
document.addEventListener("htmx:afterSwap", (event) => {
  const { elt } = event.detail.requestConfig ?? {};
  if (!elt?.matches("[data-rename]")) return;
  document.querySelector(`#${CSS.escape(elt.closest("li").id)} > .entry-link`)?.focus();
});

// --- Order ----------------------------------------------------------------------------------------

function focusOn(id) {
  const place = document.getElementById(id)?.querySelector(".entry-link, summary");
  (place?.checkVisibility() ? place : main).focus();
}

// A command that puts conversations in order brings the whole list: folders that were open open again, and the focus,
// when it went with what had it, goes to the place that the list names.
let opened = [];
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  if (event.detail.target.id !== "conversations") return;
  opened = [...sidebar.querySelectorAll(".folder > details[open]:not(.menu)")].map((folder) => folder.parentElement.id);
});
document.addEventListener("htmx:oobAfterSwap", (event) => {
  if (event.detail.target.id !== "conversations") return;
  setTimeout(keepFocus); // once the rest of the response is in its place
  for (const id of opened) document.getElementById(id)?.querySelector("details").toggleAttribute("open", true);
  opened = [];
});
function keepFocus() {
  const held = document.activeElement;
  const isLost = !held || held === document.body || !held.checkVisibility();
  // Where reading goes on is where a focus ends up that nobody else looked after.
  if (isLost || held.id === "reading") focusOn(document.getElementById("conversations").dataset.focus);
}

sidebar.addEventListener(
  "toggle",
  (event) => event.target.matches(".new-folder[open]") && event.target.querySelector("[name=name]").focus(),
  true,
);
sidebar.addEventListener("keydown", (event) => {
  const open = event.target.closest(".new-folder[open]");
  if (event.key !== "Escape" || !open || isComposing(event)) return;
  event.preventDefault();
  event.stopPropagation(); // else it stops the answer
  open.open = false;
  open.querySelector("summary").focus();
});

// The open conversation was deleted: on to a new one.
document.addEventListener("htmx:afterRequest", (event) => {
  const id = event.detail.requestConfig?.elt.dataset.delete;
  const isOpen = id && pane()?.dataset.conversationId === id;
  if (isOpen && event.detail.successful) sidebar.querySelector(".new-chat").click();
});

// --- Dialogs that a fragment brings: open once their buttons work, gone when they are closed --------

document.addEventListener("htmx:load", (event) => {
  const dialog = event.detail.elt;
  if (!dialog.matches?.("dialog[data-modal]")) return;
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (dialog.dataset.about) focusOn(dialog.dataset.about); // what was clicked is in a menu that has closed
  });
  // Asked for twice while its module is on its way: one is enough.
  for (const other of document.querySelectorAll("dialog[data-modal]:not([open])")) if (other !== dialog) other.remove();
  const show = () => dialog.isConnected && dialog.showModal();
  if (dialog.dataset.module) import(dialog.dataset.module).then(show, show);
  else show();
});

// --- Toasts ---------------------------------------------------------------------------------------

function toast(text) {
  if ([...toasts.children].some((one) => one.textContent === text)) return;
  const made = document.createElement("div");
  made.className = "toast";
  made.append(document.createElement("p"));
  made.firstChild.textContent = text;
  toasts.append(made);
}

function leave(made) {
  if (made.matches(":hover, :focus-within")) setTimeout(leave, TOAST_MS, made);
  else made.remove();
}

// A notice stands above the message box, and the messages end above the notice: it lies on neither.
const measure = () => {
  const dock = document.querySelector(".dock");
  const { style } = document.documentElement;
  const height = toasts.offsetHeight && toasts.offsetHeight + 8;
  style.setProperty("--toasts", `${height}px`);
  if (dock) style.setProperty("--dock", `${innerHeight - dock.getBoundingClientRect().top - height}px`);
};
const rooms = new ResizeObserver(measure);
const watch = () => document.querySelectorAll(".dock, #toasts").forEach((place) => rooms.observe(place));
document.addEventListener("htmx:load", (event) => event.detail.elt.id === "conversation" && watch());
watch();

// On top of everything, the open drawer too; what it says is read out.
new MutationObserver((records) => {
  const nodes = records.flatMap((record) => [...record.addedNodes]);
  const added = nodes.filter((node) => node.nodeType === Node.ELEMENT_NODE);
  if (toasts.matches(":popover-open") && (added.length || !toasts.firstElementChild)) toasts.hidePopover();
  if (!added.length) return;
  toasts.showPopover();
  for (const made of added) setTimeout(leave, TOAST_MS, made);
  document.getElementById("announcer").textContent = added[added.length - 1].querySelector("p").textContent;
}).observe(toasts, { childList: true });
toasts.append(...toasts.children); // those that came with the page

// What was deleted is back: the focus goes from the button, which leaves, to the entry.
document.addEventListener("htmx:afterRequest", (event) => {
  const made = event.target.closest("[data-dismiss]")?.closest(".toast");
  if (!made) return;
  const hadFocus = made.contains(document.activeElement);
  const [id] = /[0-9a-f-]{36}/.exec(event.detail.requestConfig.path) ?? [];
  const entry = document.querySelector(`#conversation-${id} > .entry-link`);
  made.remove();
  if (hadFocus) (entry?.checkVisibility() ? entry : main).focus();
});

const ofComposer = (event) => event.detail.requestConfig?.elt.id === "composer";
// That the computer is offline is said above the message box already.
for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    if (navigator.onLine && !ofComposer(event)) toast(toasts.dataset.offline);
  });
}
document.addEventListener("connection:back", () => {
  for (const one of [...toasts.children]) if (one.textContent === toasts.dataset.offline) one.remove();
});
document.addEventListener("htmx:responseError", (event) => ofComposer(event) || toast(toasts.dataset.failed));

// --- The screen -----------------------------------------------------------------------------------

// Where the keyboard covers the page instead of making it smaller, the page makes itself smaller.
visualViewport?.addEventListener("resize", () => {
  const covered = innerHeight - visualViewport.height > 80 && visualViewport.scale === 1;
  document.documentElement.style.setProperty("--viewport", covered ? `${visualViewport.height}px` : "100dvh");
  measure();
});
document.addEventListener("input", (event) => {
  if (event.target.id === "settings-temperature") event.target.nextElementSibling.value = event.target.value;
  // The answer to an earlier change would put the old value back; the change that follows saves all of them.
  const fields = event.target.closest("#settings-fields");
  if (!fields) return;
  htmx.trigger(fields, "htmx:abort");
  fields.querySelector(".saved").textContent = ""; // this change is not, yet
});
markCurrent();

// --- The reader's days ----------------------------------------------------------------------------

// A page may stay open for days, and its server may be in another zone: "Today" is the reader's.
const aids = document.getElementById("aids");
const days = () => import(aids.dataset.days);
const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
const today = () => new Date().toDateString();
let groupedOn = today();

if (timeZone && timeZone !== document.documentElement.dataset.zone) void days().then(({ tellZone }) => tellZone(timeZone));

async function lookAtDay() {
  const day = today();
  if (day !== groupedOn && (await (await days()).regroup())) groupedOn = day;
}

function waitForMidnight() {
  setTimeout(() => void lookAtDay().finally(waitForMidnight), new Date().setHours(24, 0, 1, 0) - Date.now());
}

waitForMidnight();
for (const name of ["visibilitychange", "connection:back"]) {
  document.addEventListener(name, () => document.hidden || void lookAtDay());
}

// --- Menus ----------------------------------------------------------------------------------------

// They stand on top of everything, so that no list cuts them off: those that details unfold, and those of messages, which
// the browser itself opens. Without a script a menu is what its details unfold.
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

// --- Shortcuts: what they do is loaded with the first of them -------------------------------------

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
