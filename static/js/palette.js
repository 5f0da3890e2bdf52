/**
 * The palette, and other dialogs that are fetched when they are first wanted. Loaded on first use.
 *
 * The input keeps the focus: the chosen option is told by aria-activedescendant.
 */

const aids = document.getElementById("aids");
const opened = new Map(); // url of a dialog -> its element, kept for the next time
let search = null; // the fetch that is under way
let found = null; // a promise: once it is settled, the list is of what is in the input
let active = null;

const isComposing = (event) => event.isComposing || event.keyCode === 229;

// --- Dialogs --------------------------------------------------------------------------------------

export const styled = new Promise((done) => {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = aids.dataset.paletteStyles;
  link.onload = link.onerror = done;
  document.head.append(link);
});

/** A part of the site as elements. Throws when the server cannot be reached or refuses. */
async function fetched(url, signal) {
  const response = await fetch(url, { headers: { "HX-Request": "true" }, signal });
  const login = response.headers.get("HX-Redirect");
  if (login) location.assign(login);
  if (login || !response.ok) throw new Error(String(response.status));
  return new DOMParser().parseFromString(await response.text(), "text/html").body;
}

function made(dialog) {
  document.body.append(dialog);
  htmx.process(dialog);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("keydown", (event) => event.key === "Escape" && event.stopPropagation()); // stops no answer
  return dialog;
}

/** Opens the dialog at `url`, or closes it when it is open. Gives the dialog. */
async function toggle(url) {
  const before = opened.get(url);
  if (before?.open) return before.close();
  for (const other of document.querySelectorAll("dialog[open]")) other.close();
  if (!before) {
    const [body] = await Promise.all([fetched(url), styled]);
    if (opened.has(url)) return null; // asked for twice
    opened.set(url, made(body.querySelector("dialog")));
  }
  opened.get(url).showModal();
  return opened.get(url);
}

/** As for a fragment that htmx cannot fetch: a notice. */
function tellOffline() {
  document.dispatchEvent(new CustomEvent("htmx:sendError", { detail: {} }));
}

export async function openOverview() {
  await toggle(aids.dataset.shortcutsUrl).catch(tellOffline);
}

// --- The palette ----------------------------------------------------------------------------------

export async function openPalette() {
  const isNew = !opened.has(aids.dataset.paletteUrl);
  const dialog = await toggle(aids.dataset.paletteUrl).catch(tellOffline);
  if (!dialog) return;
  const input = dialog.querySelector("input");
  if (isNew) listen(dialog, input);
  input.value = "";
  find(dialog);
}

function listen(dialog, input) {
  input.addEventListener("input", () => find(dialog)); // also while a syllable is being composed
  dialog.addEventListener("keydown", (event) => isComposing(event) || press(dialog, event));
  dialog.addEventListener("pointermove", (event) => mark(dialog, event.target.closest("[role=option]") ?? active));
  dialog.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) take(dialog, option);
  });
}

/** The same search again, with what is now in the input; the last one wins. */
function find(dialog) {
  search?.abort();
  search = new AbortController();
  const query = new URLSearchParams({ q: dialog.querySelector("input").value });
  const open = document.getElementById("conversation")?.dataset.conversationId;
  if (open) query.set("c", open);
  found = lookUp(dialog, query, search.signal);
}

async function lookUp(dialog, query, signal) {
  try {
    show(dialog, await fetched(`${aids.dataset.paletteUrl}?${query}`, signal));
  } catch (problem) {
    if (problem.name === "AbortError") return;
    mark(dialog, null); // the list is still of something else
    tellOffline();
  }
}

function show(dialog, fresh) {
  for (const part of [".palette-list", ".palette-none"]) {
    dialog.querySelector(part).replaceChildren(...fresh.querySelector(part).childNodes);
  }
  htmx.process(dialog.querySelector(".palette-list"));
  active = null;
  mark(dialog, dialog.querySelector("[role=option]"));
}

function mark(dialog, option) {
  if (option === active) return;
  active?.setAttribute("aria-selected", "false");
  active = option;
  active?.setAttribute("aria-selected", "true");
  const input = dialog.querySelector("input");
  if (active) input.setAttribute("aria-activedescendant", active.id);
  else input.removeAttribute("aria-activedescendant");
}

function press(dialog, event) {
  const options = [...dialog.querySelectorAll("[role=option]")];
  const place = options.indexOf(active);
  const last = options.length - 1;
  const moves = { ArrowDown: place < last ? place + 1 : 0, ArrowUp: place > 0 ? place - 1 : last, Home: 0, End: last };
  if (event.key in moves && !event.shiftKey) {
    event.preventDefault();
    mark(dialog, options[moves[event.key]] ?? null);
    active?.scrollIntoView({ block: "nearest" });
  } else if (event.key === "Enter") {
    event.preventDefault();
    void choose(dialog);
  }
}

/** What is in the input is found first. Whoever types on meanwhile, or closes the palette, has chosen nothing. */
async function choose(dialog) {
  const asked = found;
  await asked;
  if (asked === found && dialog.open) active?.click();
}

/** Closes first, so that the focus is back where it was before anything moves it on. */
function take(dialog, option) {
  dialog.close();
  const menu = document.getElementById("settings-model");
  if (!option.dataset.model || !menu) return;
  menu.value = option.dataset.model;
  menu.dispatchEvent(new Event("change", { bubbles: true }));
}
