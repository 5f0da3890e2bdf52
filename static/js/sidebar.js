/** Around the conversation: the list as a drawer, the open entry, renaming, history, dialogs, toasts, the screen. */

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

// What is fetched when it is first seen, and did not come, is asked for again: when the line is back, when it is opened
// once more, or when its link is clicked.
for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(name, ({ target }) => {
    if (target.matches?.('[hx-trigger$=", again"], .folder .next')) target.toggleAttribute("data-missed", true);
  });
}

function askAgain(missed) {
  for (const one of missed) {
    one.removeAttribute("data-missed");
    if (one.matches('[hx-trigger$=", again"]')) htmx.trigger(one, "again");
    else openAgain(one);
  }
}

/** What is in a folder is asked for when it is opened, once: its place is made anew. */
function openAgain(place) {
  const fresh = place.cloneNode(true);
  place.replaceWith(fresh);
  htmx.process(fresh);
  fresh.closest("details").dispatchEvent(new Event("toggle"));
}

document.addEventListener("connection:back", () => askAgain(document.querySelectorAll("[data-missed]")));
document.addEventListener(
  "toggle",
  ({ target, newState }) => {
    const missed = target.matches("[data-missed]") ? [target] : target.querySelectorAll(":scope > [data-missed]");
    if (newState === "open") askAgain(missed);
  },
  true,
);
document.addEventListener("click", (event) => {
  const missed = event.target.closest("[data-missed] > a")?.parentElement;
  if (!missed || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  askAgain([missed]);
});

// A session that has ended answers with the login page: go there instead of showing it inside.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, requestConfig } = event.detail;
  if (!xhr.responseURL || new URL(xhr.responseURL).pathname === new URL(requestConfig.path, location).pathname) return;
  event.preventDefault();
  location.assign(xhr.responseURL);
});

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

// --- The reader's time zone -----------------------------------------------------------------------

// Tells the server the reader's time zone, where it shows another: dates, and "Today" and "Yesterday", follow it.
const pageZone = document.documentElement.dataset.zone;
const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
const told = () => document.cookie.split("; ").includes(`timezone=${timeZone}`);

if (timeZone && timeZone !== pageZone && !told()) {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `timezone=${timeZone}; path=/; max-age=31536000; samesite=lax${secure}`;
  if (told() && document.querySelector("#conversations [data-group] li")) void regroup();
}

// A page may stay open for days: "Today" is the reader's.
const today = () => new Date().toDateString();
let groupedOn = today();

async function lookAtDay() {
  const day = today();
  if (day !== groupedOn && (await regroup())) groupedOn = day;
}

function waitForMidnight() {
  setTimeout(() => void lookAtDay().finally(waitForMidnight), new Date().setHours(24, 0, 1, 0) - Date.now());
}

waitForMidnight();
for (const name of ["visibilitychange", "connection:back"]) {
  document.addEventListener(name, () => document.hidden || void lookAtDay());
}

/**
 * What stands under another date than it should goes to the right one: the day has changed, or the first page of a
 * device came before its server knew the zone. True if the server was reached.
 */
async function regroup() {
  const { whole } = document.getElementById("conversations").dataset;
  const response = await fetch(whole, { headers: { "HX-Request": "true" } }).catch(() => null); // the next page has it right
  if (!response?.ok) return false;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const list of fresh.querySelectorAll("[data-group] > ol")) {
    const entries = [...list.children].map(({ id }) => document.getElementById(id)).filter(Boolean);
    const shown = document.getElementById(list.id);
    if (shown && entries.some((entry, place) => shown.children[place] !== entry)) shown.prepend(...entries);
  }
  return true;
}
