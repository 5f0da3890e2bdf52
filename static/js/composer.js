/**
 * The message box: grows with its text, keeps the draft, shows the message the moment it is sent, and gives the text
 * back when sending failed. While an answer is written its button stops that answer.
 */

import { arrived, attached, box, chips, complain, fit, form, keyOf, newId, read, setText, takeOn, write } from "./box.js";
import { online } from "./connection.js";

const OPEN = '[data-status="queued"], [data-status="running"]';
const STOP_MS = 3000; // an answer that still runs then: the page may have missed its end

let sending = null; // {text, id, files, nodes, chips}: the message under way
let outbox = []; // those that were written meanwhile, and wait for their turn
let goesOn = false; // the page sends, and nobody has pressed Enter
let failed = null; // {text, id, files, goesAgain} of the last failure: the same text goes again under the same id
let earlier = ""; // of a draft, until it can be put before what was typed while the page came
const underWay = new Set(); // ids of messages that the server has not answered yet, also of panes that have gone

// --- Drafts ---------------------------------------------------------------------------------------

/** Once for each pane, before anything is stored: what was typed while the page came stays, and so does a draft. */
function lookForDraft() {
  const here = form();
  if (!here || here.hasAttribute("data-looked")) return;
  here.toggleAttribute("data-looked", true);
  if (box().value === box().defaultValue) return void restoreDraft();
  putBefore(box().defaultValue ? [] : unsent()); // what the server gave back is the draft
  here.toggleAttribute("data-restored", true);
}

/** Messages that come back while something else is in the box. */
function putBefore(messages) {
  earlier = textOf([{ text: earlier }, ...messages]);
  if (!bringBack(messages).length) saveDraft(); // else once the files are there, of which it tells
  fit();
  if (earlier) onceNotComposing(showEarlier);
}

async function restoreDraft() {
  const here = form();
  if (!here) return;
  await takeOn(here.dataset.ownKey).catch(() => {});
  here.toggleAttribute("data-restored", true);
  if (!here.isConnected || box().value || attached().length || sending) return;
  const back = unsent();
  if (!back.length) return;
  setText(textOf(back));
  const files = bringBack(back);
  if (back.length === 1 && back[0].id) failed = { text: box().value, id: back[0].id, files };
}

/** The messages of this draft that the server does not have. */
function unsent() {
  const { draftKey } = form().dataset;
  const { text = "", files = [], id, sent = [] } = read(draftKey);
  const left = [...sent, { text, files, id }].filter((one) => (one.text || one.files?.length) && !underWay.has(one.id));
  const gone = left.filter((one) => one.id && hasArrived(one.text));
  for (const one of gone) arrived(draftKey, one.id);
  return left.filter((one) => !gone.includes(one));
}

const textOf = (messages) => messages.map((one) => one.text).filter(Boolean).join("\n");

function bringBack(messages) {
  const files = messages.flatMap((one) => one.files ?? []);
  if (files.length) bring((module, list) => module.restore(files, list));
  return files;
}

function showEarlier() {
  if (!earlier || !box()) return;
  box().setRangeText(box().value ? `${earlier}\n` : earlier, 0, 0, "preserve");
  earlier = "";
  fit();
  saveDraft();
}

/** A change of the text would end a syllable in the middle, and nothing tells whether one was begun before this script
 * came; the next event does. With Enter or the button one sends what one has seen. */
function onceNotComposing(act) {
  if (document.activeElement !== box()) return act();
  const listening = new AbortController();
  let pressed = ""; // an Enter that ends a syllable comes as another key, and as Enter after it
  const hear = (event) => {
    if (event.type === "keydown") pressed = event.code;
    const sends = event.key === "Enter" || (event.type === "compositionend" && pressed.endsWith("Enter"));
    const toButton = (event.type === "focusout" ? event.relatedTarget : event.target)?.closest?.("#composer .send");
    if (event.isComposing || event.keyCode === 229 || sends || toButton) return;
    listening.abort();
    act();
  };
  for (const name of ["keydown", "keyup", "input", "compositionend", "pointerdown", "focusout"]) {
    document.addEventListener(name, hear, { capture: true, signal: listening.signal });
  }
}

function hasArrived(text) {
  const questions = document.querySelectorAll('#messages > [data-role="user"]:not([data-pending]) > [data-message-body]');
  return Boolean(text) && questions[questions.length - 1]?.textContent === text;
}

/** What is shown as sent, or was sent from a pane that has gone and is under way; and what is in the box. */
function saveDraft(id) {
  const shown = [sending, ...outbox].filter((one) => one?.nodes.length);
  const besides = underWay.size ? ofOtherPanes().filter((one) => underWay.has(one.id)) : [];
  const sent = [...besides, ...shown].map(({ text, files, id: itsId }) => ({ text, files, id: itsId }));
  const now = { text: box().value, id, files: attached() };
  if (id && earlier) write(form().dataset.draftKey, { text: earlier, sent: [...sent, now] });
  else write(form().dataset.draftKey, { ...now, text: textOf([{ text: earlier }, now]), sent });
}

/** What is kept of messages that were sent from here before this pane came. */
function ofOtherPanes() {
  const { sent = [], ...last } = read(form().dataset.draftKey);
  const own = new Set([sending, ...outbox].map((one) => one?.id));
  return [...sent, last].filter((one) => one.id && !own.has(one.id));
}

document.addEventListener("tab:renamed", () => {
  if (!form()) return;
  form().dataset.draftKey = keyOf(form().dataset.ownKey);
  if (box().value || earlier || attached().length || sending || outbox.length) saveDraft();
});

// --- Attachments: their module comes with the first file ------------------------------------------

/** What brings files, true when all have come. The form counts what is under way: until then its message waits. */
async function bring(files) {
  const [here, list] = [form(), chips()];
  here.dataset.uploading = Number(here.dataset.uploading ?? 0) + 1;
  const come = await online()
    .then(() => import(list.dataset.module))
    .then((module) => files(module, list))
    .catch(() => here.isConnected && complain(here.dataset.unreachable, "unsent"));
  here.dataset.uploading -= 1;
  if (!come) here.removeAttribute("data-send-after");
  if (here.dataset.uploading !== "0") return;
  here.removeAttribute("data-uploading");
  const sends = here.hasAttribute("data-send-after");
  here.removeAttribute("data-send-after");
  if (sends && here.isConnected) here.requestSubmit();
}

/** The files that an event brings, if any. */
function filesIn({ type, target, clipboardData, dataTransfer }) {
  if (type === "change") return target.id === "composer-files" ? [...target.files] : [];
  const isText = clipboardData?.types.includes("text/plain"); // a table comes with its picture
  return isText || !form() ? [] : [...(clipboardData ?? dataTransfer).files];
}

for (const name of ["change", "paste", "drop"]) {
  document.addEventListener(name, (event) => {
    const files = filesIn(event);
    document.getElementById("conversation")?.removeAttribute("data-dropping");
    if (!files.length) return;
    event.preventDefault();
    if (name === "change") event.target.value = ""; // so that the same file can be chosen again
    bring((module, list) => module.add(files, list));
  });
}

for (const name of ["dragover", "dragleave"]) {
  document.addEventListener(name, (event) => {
    if (!form() || !event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    const isOver = name === "dragover" || Boolean(event.relatedTarget);
    document.getElementById("conversation").toggleAttribute("data-dropping", isOver);
  });
}

document.addEventListener("attachments:changed", () => saveDraft());
document.addEventListener("attachments:restore", (event) => {
  bring((module, list) => module.restore(event.detail, list));
});

// --- The box --------------------------------------------------------------------------------------

document.addEventListener("input", (event) => {
  if (event.target !== box()) return;
  lookForDraft();
  fit();
  complain("");
  saveDraft();
});

document.addEventListener("keydown", (event) => {
  const composing = event.isComposing || event.keyCode === 229;
  if (event.key !== "Escape" || composing || event.defaultPrevented) return;
  const closesFirst = document.querySelector(":popover-open, dialog[open], details.menu[open]");
  if (!closesFirst && form()?.hasAttribute("data-answering")) stop();
});

document.addEventListener("click", (event) => {
  const suggestion = event.target.closest("[data-suggestion]");
  if (suggestion) {
    setText(suggestion.dataset.suggestion);
    saveDraft();
    box().focus();
  } else if (event.target.closest("#composer .stop")) stop();
  else if (event.target.closest("#attach")) document.getElementById("composer-files").click();
  else if (event.target.closest(".composer-box") && !event.target.closest("button, input")) box().focus();
});

// --- Sending --------------------------------------------------------------------------------------

/** What is in the box, as a message to be sent; null when there is nothing. */
function written() {
  const text = box().value;
  const files = attached();
  if (!(text.trim() || files.length)) return null;
  const isSame = failed?.text === text && String(failed.files) === String(files);
  return { text, id: isSame ? failed.id : newId(), files, nodes: [], chips: [] };
}

document.addEventListener("htmx:confirm", (event) => {
  if (event.target !== form()) return;
  if (form().toggleAttribute("data-send-after", form().hasAttribute("data-uploading"))) return event.preventDefault();
  const next = goesOn && outbox.length ? null : written();
  if (next && (sending || outbox.length)) queue(next);
  if (sending) return event.preventDefault();
  sending = outbox.shift() ?? next;
  if (!sending) return event.preventDefault();
  form().elements.client_id.value = sending.id;
  form().elements.parent.value = follows();
});

/** Shown as sent, and sent when what went before has arrived. */
function queue(next) {
  outbox.push(Object.assign(next, { isBehind: true }));
  if (isTooLong(next)) return; // will be refused: nothing to show
  take(next);
  saveDraft();
}

function take(next) {
  next.chips = [...chips().children];
  next.nodes = showPending(next.text, next.chips, next !== sending);
  setText(earlier);
  earlier = "";
}

const isTooLong = ({ text }) => text.length > Number(form().dataset.maxLength) * 2;

// What was queued is in the box no more.
document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.elt !== form() || !sending?.nodes.length) return;
  event.detail.parameters.text = sending.text;
  event.detail.parameters.attachment = sending.files;
});

document.addEventListener("htmx:beforeSend", (event) => {
  if (event.target !== form() || !sending) return;
  complain("");
  htmx.trigger("#main", "htmx:abort"); // another pane on its way would take what is sent out of sight
  underWay.add(sending.id);
  if (sending.nodes.length) return;
  saveDraft(sending.id); // stays until the server has the message
  if (!isTooLong(sending)) take(sending);
});

document.addEventListener("htmx:beforeSwap", (event) => {
  const { requestConfig, xhr } = event.detail;
  if (requestConfig?.elt !== form() || !sending) return;
  if (xhr.status === 422) {
    event.detail.target = document.getElementById("composer-error");
    event.detail.swapOverride = "innerHTML";
  } else if (event.detail.shouldSwap) {
    for (const node of sending.nodes) node.remove();
    event.detail.serverResponse = withoutShown(event.detail.serverResponse);
  }
});

/** What was stored at an earlier try may be there already, and its answer further than it is drawn here. */
function withoutShown(html) {
  const ids = Array.from(html.matchAll(/<article id="(message-\d+)"/g), ([, id]) => id);
  if (!ids.some((id) => document.getElementById(id))) return html;
  const drawn = Object.assign(document.createElement("template"), { innerHTML: html });
  for (const id of ids) if (document.getElementById(id)) drawn.content.getElementById(id).remove();
  return drawn.innerHTML;
}

document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.requestConfig?.elt !== form() || !sending) return;
  const { status } = event.detail.xhr;
  const toLogin = event.detail.xhr.getResponseHeader("HX-Redirect"); // nothing was stored
  if (status >= 200 && status < 300 && !toLogin) sent();
  else giveBack(status);
});

/** The server's word on a message whose pane has gone meanwhile: the list learns of it, the page stays where it is. */
function leftBehind(event) {
  const { target: sender, detail } = event;
  const id = sender.elements.client_id.value;
  underWay.delete(id);
  if (sender.isConnected) return;
  event.preventDefault();
  const isStored = detail.xhr.status >= 200 && detail.xhr.status < 300 && !detail.xhr.getResponseHeader("HX-Redirect");
  if (!isStored) return giveBackHere(sender, id);
  arrived(sender.dataset.draftKey, id);
  const answer = new DOMParser().parseFromString(detail.xhr.response, "text/html");
  const entry = answer.querySelector("#conversations-today > li");
  if (!entry) return;
  entry.querySelector("[aria-current]")?.removeAttribute("aria-current");
  document.getElementById(entry.id)?.remove();
  document.getElementById("conversations-today").prepend(entry);
  htmx.process(entry);
}

function cameToNothing({ target }) {
  const id = target.elements.client_id.value;
  underWay.delete(id);
  if (!target.isConnected) giveBackHere(target, id);
}

/** What a pane that has gone could not send, if it is this pane's too. */
function giveBackHere(sender, id) {
  if (form()?.dataset.draftKey !== sender.dataset.draftKey) return;
  if (!box().value && !attached().length && !sending) return void restoreDraft();
  putBefore(ofOtherPanes().filter((one) => one.id === id));
}

/** The question follows what its sender sees; behind one that waits or is sent, whatever is the newest by then. */
function follows() {
  if (sending.isBehind || document.querySelector("#waiting [data-waiting]")) return "";
  const shown = document.querySelectorAll("#messages > [data-message-id]");
  return shown[shown.length - 1]?.dataset.messageId ?? "";
}

function showPending(text, files, isQueued) {
  const copy = document.getElementById("pending-message").content.cloneNode(true);
  copy.querySelector('[data-role="user"] > [data-message-body]').textContent = text;
  const list = Object.assign(document.createElement("ul"), { className: "attachments" });
  list.append(...files);
  copy.querySelector('[data-role="user"] > [data-message-body]').before(list);
  const waits = isQueued || form().hasAttribute("data-answering"); // then there is no answer to it yet
  const nodes = waits ? [copy.firstElementChild] : [...copy.children];
  document.getElementById(waits ? "waiting" : "messages").append(...nodes);
  document.getElementById("welcome")?.toggleAttribute("hidden", true);
  document.dispatchEvent(new CustomEvent("reading:end"));
  return nodes;
}

function removePending() {
  for (const { nodes } of [sending, ...outbox]) for (const node of nodes) node.remove();
}

function sent() {
  arrived(form().dataset.draftKey, sending.id);
  if (outbox.length) write(form().dataset.draftKey, {}); // moves along
  sending = failed = null;
  document.getElementById("welcome")?.remove();
  form().dataset.ownKey = form().dataset.conversationDraftKey;
  form().dataset.draftKey = keyOf(form().dataset.ownKey);
  if (box().value || attached().length || outbox.length) saveDraft();
  look();
  if (outbox.length) setTimeout(sendAgain); // once htmx is done with this one
}

function giveBack(status) {
  if (status === 0 && outbox.length) return void ([sending, outbox] = [null, [sending, ...outbox]]); // for later
  const all = [sending, ...outbox];
  const typedSince = sending.nodes.length ? box().value : "";
  removePending();
  document.getElementById("welcome")?.removeAttribute("hidden");
  const { text, id, files } = sending;
  const isAgain = failed?.id === id;
  chips().prepend(...all.flatMap((one) => one.chips));
  setText([...all.map((one) => one.text), typedSince].filter(Boolean).join("\n"));
  if (status === 0) complain(form().dataset.unsent, "unsent");
  else if (status !== 422) complain(form().dataset.failed);
  sending = null;
  outbox = [];
  failed = { text, id, files, goesAgain: status === 0 && !isAgain };
  saveDraft(all.length === 1 ? id : undefined);
  box().focus();
  look();
}

function sendAgain() {
  goesOn = true;
  form()?.requestSubmit();
  goesOn = false;
}

// What was to be sent is sent, once, when the server can be reached again.
document.addEventListener("connection:back", () => {
  if (!form()) return;
  if (document.querySelector("#composer-error [data-unsent]")) complain("");
  const isUnchanged = failed?.goesAgain && failed.text === box().value;
  if (!sending && (outbox.length || isUnchanged)) sendAgain();
});

document.addEventListener("session:leaving", () => {
  const edited = document.querySelector("form.edit textarea")?.value;
  if (!form()) return;
  if (edited && !box().value) setText(edited);
  saveDraft();
});

// --- While an answer is written -------------------------------------------------------------------

const running = () => document.querySelector(`#messages > :is(${OPEN}):not([data-pending])`);

/** While an answer is written it can be stopped; what is sent then waits for its turn. */
function look() {
  form()?.toggleAttribute("data-answering", Boolean(running()));
}

async function stop() {
  const answer = running();
  if (!answer) return look();
  const hadFocus = document.activeElement?.closest("#composer .stop");
  const response = await fetch(`${form().action}${answer.dataset.messageId}/stop/`, {
    method: "POST",
    headers: { "X-CSRFToken": form().elements.csrfmiddlewaretoken.value, "HX-Request": "true" },
  }).catch(() => null);
  if (!response?.ok) {
    // By a notice, as of any other command.
    const name = response ? "htmx:responseError" : "htmx:sendError";
    if (answer.isConnected) document.dispatchEvent(new CustomEvent(name, { detail: {} }));
    return;
  }
  // Whoever has gone on meanwhile is left where they are.
  if (hadFocus && document.activeElement?.matches("body, .stop")) box()?.focus();
  setTimeout(() => {
    if (answer.isConnected && answer.matches(OPEN)) document.dispatchEvent(new CustomEvent("messages:check"));
  }, STOP_MS);
}

// --- The tree of messages -------------------------------------------------------------------------

let tree = null; // fetched when it is first used; the commands wait for it
let treeIsThere = false;

document.addEventListener("htmx:confirm", (event) => {
  if (treeIsThere || !event.target.closest("[data-tree]")) return;
  event.preventDefault();
  const source = form().dataset.treeModule;
  tree ??= online().then(() => import(source)).then(() => (treeIsThere = true));
  const fail = () => {
    tree = null;
    if (form()) complain(form().dataset.unreachable, "unsent");
  };
  tree.then(() => event.detail.issueRequest(true), fail);
});

// --- The pane comes and goes ----------------------------------------------------------------------

let wasFocused = null; // when the pane that comes was asked for

document.addEventListener("htmx:beforeRequest", ({ detail: { target } }) => {
  if (target?.id === "conversation") wasFocused = document.activeElement;
});

function begin() {
  if (!form()) return;
  form().dataset.ownKey = form().dataset.draftKey;
  form().dataset.draftKey = keyOf(form().dataset.ownKey);
  form().addEventListener("htmx:beforeOnLoad", leftBehind);
  for (const name of ["htmx:sendError", "htmx:timeout"]) form().addEventListener(name, cameToNothing);
  document.getElementById("composer-files").removeAttribute("name"); // its files are uploaded at once
  look();
  setTimeout(settle);
}

/** What needs the disk and a layout is a task of its own: the page comes in short ones. */
function settle() {
  if (!form()) return;
  lookForDraft();
  if (matchMedia("(hover: hover) and (width >= 60rem)").matches && isFree()) box().focus({ preventScroll: true });
}

/** Whoever has gone to a field while the page, or the pane, was coming goes on typing there. */
function isFree() {
  const held = document.activeElement;
  return held === wasFocused || !held?.matches("input, textarea, select, [contenteditable]");
}

for (const name of ["answer:status", "messages:refreshed", "htmx:afterSwap", "htmx:oobAfterSwap"]) {
  document.addEventListener(name, (event) => {
    if (name !== "htmx:afterSwap" || event.detail.elt?.closest("#messages")) look();
  });
}
document.addEventListener("htmx:load", (event) => {
  if (event.detail.elt.id === "conversation") {
    sending = failed = null;
    outbox = [];
    earlier = "";
    begin();
  }
});
begin();
