/**
 * What the server tells about the open conversation: applies the frames of its websocket to the messages.
 *
 * The socket itself is kept by connection.js. Frames that are JSON never reach htmx, and cost no events. While no frame
 * comes, looking.js asks over HTTP, and what it learns is drawn here too. Whatever does not fit what is on the page is
 * answered by fetching the messages anew.
 *
 * Events on #conversation: "answer:status" {id, status, article}; "messages:refreshed". Listens to "messages:check".
 */

import { deliver, leave, online, reached, reconnect, tellGone, use } from "./connection.js";

const OPEN = new Set(["queued", "running"]);
const KEPT_FRAMES = 500;
const FETCH_MS = 15_000; // longer than that: the connection is dead
const LOAD_MS = 3_000; // for what few need: until the page has come
const IDLE_LOAD_MS = 12_000; // where no answer is open; the first look is due later than that
const SETTLED_MS = 5_000; // after a refresh: what is wrong by then has another cause

let posts = 0; // commands of this page under way: their answers bring messages that frames may already be about
let kept = []; // the frames that came meanwhile
let introduced = false; // the socket has said which message is the newest
let early = []; // the frames that came before it: an end among them says nothing of the text that led there
let expected = null; // the message whose snapshot will come next: patches to it say nothing before
let refreshing = null; // the pane whose messages are being fetched
let refreshes = 0; // in a row, without a frame that fitted
let refreshedAt = 0;
const known = new Map(); // message id -> {article, body, thoughts, seq, behind}
const elsewhere = new Set(); // ids of answers that are written on a branch which the page does not show

const pane = () => document.getElementById("conversation");
let looking = null; // looking.js, which comes with the first answer or some time after the page
let lookNow = null;

async function load() {
  looking ??= await import(document.getElementById("aids").dataset.looking);
  lookNow ??= looking.begin(takeState, () => posts > 0 || Boolean(refreshing && refreshing === pane()));
}

/** Asks over HTTP how the conversation stands. */
function look() {
  return load().then(() => lookNow(), () => reached(false));
}

function loadSoon() {
  const isWritten = document.querySelector('#messages > :is([data-status="queued"], [data-status="running"])');
  setTimeout(() => online().then(load).catch(loadSoon), isWritten ? LOAD_MS : IDLE_LOAD_MS);
}

function opened() {
  introduced = false;
  early = [];
  expected = null;
}

// --- Frames ---------------------------------------------------------------------------------------

/** Takes one frame; true when it is HTML that htmx shall swap in now. */
function take(data) {
  if (refreshing && refreshing === pane()) return false;
  if (posts) return keep(kept, data);
  const frame = data[0] === "{" ? JSON.parse(data) : null;
  if (!introduced && !(frame && "leaf" in frame)) return keep(early, data);
  if (!frame) return hasTarget(data);
  if ("leaf" in frame) introduce(frame);
  else if ("new" in frame) hearOf(frame);
  else if ("waiting" in frame) frame.waiting === waitingHere() || refresh();
  else if (!elsewhere.has(frame.m) || find(frame.m)) applyTo(find(frame.m), frame);
  return false;
}

/** A new message; or an answer that ended before and is gone on with. */
function hearOf(frame) {
  const message = find(frame.new);
  if (!message || (OPEN.has(frame.s) && !OPEN.has(message.article.dataset.status))) refresh();
}

const waitingHere = () => document.querySelectorAll("#waiting > li").length;
const isLockedHere = () => Boolean(document.querySelector("#lock > *"));

function hasTarget(html) {
  const id = /\bid="([^"]+)"/.exec(html)?.[1];
  return Boolean(id && document.getElementById(id));
}

function keep(frames, data) {
  if (frames.length <= KEPT_FRAMES) frames.push(data);
  return false;
}

/** Takes frames that were kept, as if they came now. */
function takeAgain(frames) {
  if (frames.length > KEPT_FRAMES) return refresh();
  frames.forEach(deliver);
}

/** The first word of a socket: the newest message and its status, what waits, and whether the conversation is locked. */
function introduce(frame) {
  introduced = true;
  compare(frame);
  if (frame.waiting !== waitingHere() || frame.locked !== isLockedHere()) refresh();
  const frames = early;
  early = [];
  takeAgain(frames);
}

function compare(frame) {
  if (frame.leaf === null) return;
  const message = find(frame.leaf);
  const shown = message?.article.dataset.status;
  if (!message) refresh();
  else if (OPEN.has(shown) && OPEN.has(frame.s)) {
    expected = frame.leaf;
    setStatus(message, frame.leaf, frame.s);
  } else if (shown !== frame.s) refresh();
}

function applyTo(message, frame) {
  if (!message) return refresh().then(() => find(frame.m) ?? elsewhere.add(frame.m));
  if ("s" in frame) return changeStatus(message, frame);
  const drawn = message.behind ?? message;
  if (frame.f === -1) expected = expected === frame.m ? null : expected;
  else if (frame.f !== drawn.seq) return expected === frame.m ? undefined : refresh();
  if (!fits(drawn, frame)) return refresh();
  drawn.seq = frame.q;
  refreshes = 0;
  if (drawn !== message && (drawn.seq < 0 || drawn.seq >= message.seq)) catchUp(message);
}

function fits(drawn, frame) {
  if ("r" in frame) think(drawn, frame);
  return !frame.b || patch(drawn.body, frame.b);
}

/** Draws what a look over HTTP brought, if that is ahead of the frames: these go on in a copy until they are there too. */
function drawAhead(message, { q, b, r }) {
  if (!(q > message.seq)) return false;
  const copy = { body: message.body.cloneNode(true), thoughts: message.thoughts.cloneNode(true), seq: message.seq };
  message.behind ??= copy;
  const { content } = Object.assign(document.createElement("template"), { innerHTML: b });
  const thoughts = new DocumentFragment();
  if (r) thoughts.append(r);
  show(message, { body: content, thoughts, seq: q });
  return true;
}

/** The frames are there too. */
function catchUp(message) {
  const drawn = message.behind;
  message.behind = null;
  show(message, drawn);
}

function show(message, drawn) {
  looking.become(message.body, drawn.body);
  looking.become(message.thoughts, drawn.thoughts);
  message.thoughts.parentElement.hidden = !message.thoughts.firstChild;
  message.seq = drawn.seq;
}

/** How the conversation stands, learned over HTTP; true when the page did not show it. */
function takeState(state) {
  const message = state.leaf === null ? null : find(state.leaf);
  const shown = message?.article.dataset.status;
  const isOpen = OPEN.has(state.s);
  const isOther = state.leaf !== null && shown !== state.s && !(isOpen && OPEN.has(shown));
  if (isOther || state.waiting !== waitingHere() || state.locked !== isLockedHere() || state.hidden.some(isReadable)) {
    refresh();
    return true;
  }
  if (!message || !isOpen) return false;
  setStatus(message, state.leaf, state.s);
  return drawAhead(message, state);
}

function isReadable(id) {
  const article = document.getElementById(`message-${id}`);
  return Boolean(article && !article.querySelector("[data-hidden-notice]"));
}

function changeStatus(message, frame) {
  const isUnseen = expected === frame.m || message.behind; // it ended before what led there came
  if (isUnseen && !OPEN.has(frame.s)) refresh();
  else setStatus(message, frame.m, frame.s);
}

function find(id) {
  const found = known.get(id);
  if (found?.article.isConnected) return found;
  const article = document.getElementById(`message-${id}`);
  if (!article) return null;
  const body = document.getElementById(`message-${id}-body`);
  const thoughts = article.querySelector("[data-reasoning-body]");
  const message = { article, body, thoughts, seq: Number(article.dataset.seq), behind: null };
  known.set(id, message);
  return message;
}

/**
 * Each op goes from the body `depth` times to the last child element; there it cuts the child nodes to so many and adds
 * HTML, or adds text to the last text.
 */
function patch(body, ops) {
  for (const [depth, what, html] of ops) {
    let element = body;
    for (let level = 0; level < depth && element; level += 1) element = element.lastElementChild;
    if (!element) return false;
    if (html === undefined) addText(element, what);
    else {
      for (let extra = element.childNodes.length - what; extra > 0; extra -= 1) element.lastChild.remove();
      element.insertAdjacentHTML("beforeend", html);
    }
  }
  return true;
}

function addText(element, text) {
  const last = element.lastChild;
  if (last?.nodeType === Node.TEXT_NODE) last.appendData(text);
  else element.append(text);
}

function think({ thoughts }, frame) {
  if (frame.f === -1) thoughts.textContent = frame.r;
  else addText(thoughts, frame.r);
  if (thoughts.parentElement) thoughts.parentElement.hidden = !thoughts.firstChild;
}

function setStatus(message, id, status) {
  if (message.article.dataset.status === status) return;
  message.article.dataset.status = status;
  tellStatus(message.article, id, status);
}

function tellStatus(article, id, status) {
  article.dispatchEvent(new CustomEvent("answer:status", { bubbles: true, detail: { id, status, article } }));
}

// --- Commands of this page ------------------------------------------------------------------------

function isCommand(event) {
  const { verb, path } = event.detail.requestConfig ?? {};
  return verb === "post" && path.includes("/messages/");
}

// Not htmx's own word of the end: it is not heard when the button that began it has been swapped away.
document.addEventListener("htmx:beforeSend", (event) => {
  if (!isCommand(event)) return;
  const here = pane();
  posts += 1;
  event.detail.xhr.addEventListener("loadend", () => {
    if (here !== pane()) return;
    posts -= 1;
    reached(event.detail.xhr.status > 0);
    if (posts === 0) replay();
    online().then(load).catch(() => {}); // comes later, then
  });
});

// Another answer takes the place of this one and of all that followed it.
document.addEventListener("htmx:beforeSwap", (event) => {
  const isOther = isCommand(event) && /\/(regenerate|edit)\/$/.test(event.detail.requestConfig.path);
  if (!isOther || event.detail.xhr.status !== 200) return;
  const article = event.detail.target;
  while (article.nextElementSibling) article.nextElementSibling.remove();
});

function replay() {
  const frames = kept;
  kept = [];
  takeAgain(frames);
}

// --- When the page and the server differ ----------------------------------------------------------

/** Fetches the messages as they are now, and a fresh socket for what comes next; the message box is left alone. */
async function refresh() {
  const here = pane();
  if (!here || refreshing === here) return;
  refreshing = here;
  if (Date.now() - refreshedAt > SETTLED_MS) refreshes = 0;
  const pause = refreshes === 0 ? 0 : Math.min(250 * 2 ** refreshes, 15_000);
  refreshes += 1;
  try {
    if (pause) await new Promise((done) => setTimeout(done, pause));
    if (here.isConnected) await fetchAnew(here);
  } catch {
    // The server is away: the next connection begins with a look at what is current.
    if (here.isConnected) reached(false);
  }
  refreshedAt = Date.now();
  if (refreshing === here) refreshing = null;
  if (!here.isConnected) return; // another pane has its own
  kept = [];
  reconnect();
}

async function fetchAnew(here) {
  const signal = AbortSignal.timeout(FETCH_MS);
  const headers = { "HX-Request": "true", "HX-Current-URL": location.href };
  const response = await fetch(here.dataset.url, { headers, signal });
  const text = await response.text();
  if (!here.isConnected) return;
  const login = response.headers.get("HX-Redirect");
  if (login) return leave(login);
  if (response.redirected) return location.assign(here.dataset.url);
  if (response.status === 404) return tellGone();
  const page = new DOMParser().parseFromString(text, "text/html");
  const fresh = page.getElementById("messages");
  if (response.ok && fresh) replace(here, fresh, page);
}

function replace(here, fresh, page) {
  const shown = document.getElementById("messages");
  const open = [...shown.children].filter(({ id, dataset }) => id && OPEN.has(dataset.status)).map(({ id }) => id);
  elsewhere.clear();
  showWaiting(page.getElementById("waiting"));
  showTitle(here, page);
  document.getElementById("lock").replaceChildren(...page.getElementById("lock").childNodes);
  const first = document.getElementById(fresh.querySelector(".message")?.id ?? "");
  known.clear();
  if (first?.parentElement === shown) merge(shown, first, fresh);
  else {
    here.dispatchEvent(new CustomEvent("messages:refreshing", { bubbles: true }));
    // The element itself stays: commands under way have it as their target.
    shown.replaceChildren(...fresh.childNodes, ...shown.querySelectorAll(":scope > [data-pending]"));
    htmx.process(shown);
  }
  here.dispatchEvent(new CustomEvent("messages:refreshed", { bubbles: true }));
  open.forEach(tellEnd);
}

/** Of an answer that came to its end while this page heard nothing of it. */
function tellEnd(id) {
  const article = document.getElementById(id);
  const { messageId, status } = article?.dataset ?? {};
  if (status && !OPEN.has(status)) tellStatus(article, Number(messageId), status);
}

/** Given, or changed, on another device. */
function showTitle({ dataset }, page) {
  const title = page.getElementById("conversation-title").textContent;
  const heading = document.getElementById("conversation-title");
  if ("new" in page.getElementById("conversation").dataset || heading.textContent === title) return;
  heading.textContent = title;
  document.title = page.title;
  const link = document.getElementById(`conversation-${dataset.conversationId}-link`);
  if (link) link.textContent = title;
}

function showWaiting(fresh) {
  const shown = document.getElementById("waiting");
  if (shown.querySelector("[data-pending]") || shown.textContent === fresh.textContent) return;
  const hadFocus = shown.contains(document.activeElement);
  shown.replaceChildren(...fresh.children);
  htmx.process(shown);
  if (hadFocus) document.getElementById("composer-text").focus();
}

/** From `first` on like `fresh`; what is as it was is left alone, with the reader's place, selection and focus. */
function merge(shown, first, fresh) {
  const wanted = new Map([...fresh.querySelectorAll(":scope > .message")].map((message) => [message.id, message]));
  for (let next, message = first; message; message = next) {
    next = message.nextElementSibling;
    if (!wanted.has(message.id) && !message.matches("[data-pending]")) message.remove();
  }
  let last = null;
  for (const [id, message] of wanted) {
    const old = document.getElementById(id);
    const stays = old && isAsBefore(old, message);
    if (!stays) {
      if (looking && OPEN.has(old?.dataset.status)) looking.become(old, message);
      else if (old) old.replaceWith(message);
      else last.after(message);
      htmx.process(document.getElementById(id));
    }
    last = document.getElementById(id);
  }
}

function isAsBefore(old, message) {
  const { status } = message.dataset;
  const text = (one) => one.querySelector("[data-message-body]").textContent;
  return status === old.dataset.status && !OPEN.has(status) && !old.querySelector(".progress") && text(old) === text(message);
}

document.addEventListener("messages:check", () => refresh());
document.addEventListener("htmx:beforeCleanupElement", (event) => {
  if (event.target.id !== "conversation") return;
  known.clear();
  kept = [];
  posts = 0; // those of the old pane end unheard
  refreshes = 0;
});

use({ opened, take, look });
loadSoon();
