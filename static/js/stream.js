/**
 * What the server tells about the open conversation: applies the frames of its websocket to the messages.
 *
 * htmx's ws extension keeps the socket. Frames that are JSON never reach it: the socket is made here, so they are taken
 * first and cost no events. Whatever does not fit what is on the page is answered by fetching the messages anew.
 *
 * Events on #conversation: "answer:status" {id, status, article}; "messages:refreshed". Listens to "messages:check".
 */

const OPEN = new Set(["queued", "running"]);
const HTMX_RECONNECTS = new Set([1006, 1011, 1012, 1013]);
const KEPT_FRAMES = 500;
const CALM_MS = 1000; // a connection that comes back sooner is not worth a line
const FETCH_MS = 15_000; // longer than that: the connection is dead
const SETTLED_MS = 5_000; // after a refresh: what is wrong by then has another cause
const STALE_MS = 30_000; // hidden for longer: the socket may have died unnoticed

let socket = null;
let wrapper = null; // of htmx: can reconnect
let posts = 0; // commands of this page under way: their answers bring messages that frames may already be about
let kept = []; // the frames that came meanwhile
let introduced = false; // the socket has said which message is the newest
let early = []; // the frames that came before it: an end among them says nothing of the text that led there
let expected = null; // the message whose snapshot will come next: patches to it say nothing before
let refreshing = null; // the pane whose messages are being fetched
let refreshes = 0; // in a row, without a frame that fitted
let refreshedAt = 0;
const known = new Map(); // message id -> {article, body, seq}
const elsewhere = new Set(); // ids of answers that are written on a branch which the page does not show

const pane = () => document.getElementById("conversation");

// --- The connection -------------------------------------------------------------------------------

htmx.config.wsReconnectDelay = (attempt) => Math.min(300 * 2 ** attempt, 5000) * (0.5 + Math.random() / 2);

htmx.createWebSocket = (url) => {
  const made = new WebSocket(url);
  socket = made;
  introduced = false;
  early = [];
  expected = null;
  made.addEventListener("open", () => tell(""));
  made.addEventListener("message", (event) => {
    if (made !== socket) return event.stopImmediatePropagation();
    if (!take(event.data)) event.stopImmediatePropagation();
  });
  made.addEventListener("close", (event) => made === socket && closed(event.code));
  made.addEventListener("error", (event) => event.stopImmediatePropagation()); // its close follows and says all
  return made;
};

document.addEventListener("htmx:wsConnecting", () => {
  wrapper = null;
});
document.addEventListener("htmx:wsOpen", (event) => {
  wrapper = event.detail.socketWrapper;
});
document.addEventListener("htmx:wsClose", (event) => {
  wrapper = event.detail.socketWrapper;
});

function closed(code) {
  const here = pane();
  if (!here) return;
  if (code === 4401 || code === 4403) {
    const login = `${here.dataset.loginUrl}?next=${encodeURIComponent(location.pathname)}`;
    setTimeout(() => location.assign(login), 500); // a page that is on its way out already gets there first
  } else if (code === 4404) {
    tell("gone");
  } else {
    const mine = socket;
    setTimeout(() => mine === socket && tell("reconnecting"), CALM_MS);
    if (!HTMX_RECONNECTS.has(code)) setTimeout(() => mine === socket && here.isConnected && wrapper?.reconnect(), 500);
  }
}

/** Shows one calm line above the message box: "reconnecting", "offline", "gone", or nothing. */
function tell(state) {
  const line = document.getElementById("connection");
  if (!line) return;
  const shown = !navigator.onLine ? "offline" : state;
  if (shown === "reconnecting" && socket?.readyState === WebSocket.OPEN) return;
  line.textContent = line.dataset[shown] ?? "";
}

function reconnect() {
  if (socket && socket.readyState !== WebSocket.CONNECTING) wrapper?.reconnect();
}

addEventListener("offline", () => tell("offline"));
addEventListener("online", () => {
  tell("reconnecting");
  if (socket?.readyState === WebSocket.OPEN) reconnect();
});

let hiddenAt = 0;
document.addEventListener("visibilitychange", () => {
  if (document.hidden) hiddenAt = Date.now();
  else if (Date.now() - hiddenAt > STALE_MS && socket?.readyState === WebSocket.OPEN) reconnect();
});

// --- Frames ---------------------------------------------------------------------------------------

/** Takes one frame; true when it is HTML that htmx shall swap in now. */
function take(data) {
  if (refreshing && refreshing === pane()) return false;
  if (posts) return keep(kept, data);
  const frame = data[0] === "{" ? JSON.parse(data) : null;
  if (!introduced && !(frame && "leaf" in frame)) return keep(early, data);
  if (!frame) return hasTarget(data);
  if ("leaf" in frame) begin(frame);
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
  const mine = socket;
  for (const data of frames) mine?.dispatchEvent(new MessageEvent("message", { data }));
}

/** The first word of a socket: the newest message and its status, what waits, and whether the conversation is locked. */
function begin(frame) {
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
  if (frame.f === -1) expected = expected === frame.m ? null : expected;
  else if (frame.f !== message.seq) return expected === frame.m ? undefined : refresh();
  if (!fits(message, frame)) return refresh();
  message.seq = frame.q;
  refreshes = 0;
}

function fits(message, frame) {
  if ("r" in frame) think(message, frame);
  return !frame.b || patch(message.body, frame.b);
}

function changeStatus(message, frame) {
  if (expected === frame.m && !OPEN.has(frame.s)) refresh(); // it ended before its snapshot came
  else setStatus(message, frame.m, frame.s);
}

function find(id) {
  const found = known.get(id);
  if (found?.article.isConnected) return found;
  const article = document.getElementById(`message-${id}`);
  if (!article) return null;
  const message = { article, body: document.getElementById(`message-${id}-body`), seq: Number(article.dataset.seq) };
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

function think(message, frame) {
  const body = message.article.querySelector("[data-reasoning-body]");
  if (frame.f === -1) body.textContent = frame.r;
  else addText(body, frame.r);
  body.parentElement.hidden = !body.firstChild;
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
    if (posts === 0) replay();
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
  const mine = socket;
  kept = [];
  takeAgain(frames);
  if (!mine || mine.readyState > WebSocket.OPEN) reconnect();
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
    if (here.isConnected) tell("reconnecting");
  }
  refreshedAt = Date.now();
  if (refreshing === here) refreshing = null;
  if (!here.isConnected) return; // another pane has its own
  kept = [];
  reconnect();
}

async function fetchAnew(here) {
  const signal = AbortSignal.timeout(FETCH_MS);
  const response = await fetch(here.dataset.url, { headers: { "HX-Request": "true" }, signal });
  const text = await response.text();
  if (!here.isConnected) return;
  if (response.redirected || response.status === 404) return location.assign(here.dataset.url);
  const page = new DOMParser().parseFromString(text, "text/html");
  const fresh = page.getElementById("messages");
  if (response.ok && fresh) show(here, fresh, page);
}

function show(here, fresh, page) {
  const shown = document.getElementById("messages");
  const open = [...shown.children].filter(({ id, dataset }) => id && OPEN.has(dataset.status)).map(({ id }) => id);
  elsewhere.clear();
  showWaiting(page.getElementById("waiting"));
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
      if (old) old.replaceWith(message);
      else last.after(message);
      htmx.process(message);
    }
    last = stays ? old : message;
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
