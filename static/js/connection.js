/**
 * The line to the server: the websocket of the open conversation, the one sentence that says how the connection is,
 * commands that get through with an old token, and what did not come and is asked for again.
 *
 * Events on the document: "connection:back", when the server can be reached again; "session:leaving", before the page is
 * left since its session has ended, or is somebody else's now.
 */

// --- The websocket --------------------------------------------------------------------------------

const CALM_MS = 1000; // a connection that comes back sooner is not worth a line
const STEADY_MS = 15_000; // a socket that has brought frames for so long worked
const FIRST_MS = 10_000; // an open socket without its first frame by then brings none
const OFTEN_MS = 5_000; // the longest pause between two tries while nothing gets through
const SELDOM_MS = 60_000; // and while pages get through, but sockets do not
const TOO_MANY = 4429; // as many sockets are open as a person may have
const STALE_MS = 30_000; // hidden for longer: the socket may have died unnoticed

let socket = null;
let startedAt = 0;
let heardAt = 0; // when a frame came; 0: none on this socket
let lastHeardAt = Date.now(); // on any
let isTrusted = true;
let failures = 0; // sockets in a row that did not do
let retry = null;
let reaches = null; // whether the server was reached over HTTP when last tried
let isGone = false;
let uses = null; // {opened, take, look}: what stream.js does with a fresh socket, a frame, and without any

const pane = () => document.getElementById("conversation");

export function use(functions) {
  uses = functions;
  connect();
}
/** Frames come through. */
export const isLive = () => socket?.readyState === WebSocket.OPEN && heardAt > 0 && isTrusted;
export const heardLast = () => lastHeardAt;
export const isAway = () => reaches === false;

/** Opens a fresh socket; the one before is heard no more. */
function connect() {
  clearTimeout(retry);
  disconnect();
  const here = pane();
  if (!here || here.hasAttribute("hx-disable")) return;
  const made = new WebSocket(new URL(here.getAttribute("ws-connect"), location).href.replace(/^http/, "ws"));
  socket = made;
  startedAt = Date.now();
  heardAt = 0;
  isTrusted = true;
  uses.opened();
  made.addEventListener("message", ({ data }) => {
    if (made !== socket) return;
    heard();
    deliver(data);
  });
  made.addEventListener("close", ({ code }) => made === socket && closed(code));
}

function disconnect() {
  const old = socket;
  socket = null;
  old?.close();
}

/** Takes a frame; what is HTML takes the place of what has its id. */
export function deliver(data) {
  if (uses.take(data)) htmx.swap("body", data, { swapStyle: "none" }, { eventInfo: { target: document.body } });
}

function heard() {
  const isNews = !isLive() || reaches !== true;
  heardAt = lastHeardAt = Date.now();
  if (!isTrusted) clearTimeout(retry); // it was only late
  isTrusted = true;
  if (heardAt - startedAt > STEADY_MS) failures = 0;
  if (isNews) reached(true);
}

function closed(code) {
  if (!pane()) return;
  failures += 1;
  if (code === 4404) {
    isGone = true;
    return say();
  }
  const mine = socket;
  if (code === TOO_MANY) retry = setTimeout(reconnect, SELDOM_MS);
  else if (code === 4401 || code === 4403) renew().then((token) => token && tryAgain(), tryAgain);
  else tryAgain();
  setTimeout(() => mine === socket && uses.look(), CALM_MS);
}

function tryAgain() {
  clearTimeout(retry);
  const most = reaches ? SELDOM_MS : OFTEN_MS;
  retry = setTimeout(reconnect, Math.min(300 * 2 ** (failures - 1), most) * (0.5 + Math.random() / 2));
}

/** A fresh socket, now; one that is being opened is waited for. */
export function reconnect() {
  if (socket?.readyState !== WebSocket.CONNECTING) connect();
}

/** The server has told over HTTP what should have come through the socket. */
export function distrust() {
  if (!isTrusted || socket?.readyState !== WebSocket.OPEN) return;
  isTrusted = false;
  failures += 1;
  tryAgain();
}

/** Sockets that hang: never opened, or without the first frame. */
export function examine() {
  if (heardAt || !socket || socket.readyState > WebSocket.OPEN || Date.now() - startedAt < FIRST_MS) return;
  if (socket.readyState === WebSocket.OPEN) distrust();
  else {
    failures += 1;
    disconnect();
    tryAgain();
  }
}

/** Whether the server was reached just now. When it is back, the socket does not wait for its next try. */
export function reached(isReached) {
  const isBack = isReached && reaches === false;
  reaches = isReached;
  say();
  if (isBack) document.dispatchEvent(new CustomEvent("connection:back"));
  if (isBack && (!socket || socket.readyState === WebSocket.CLOSED)) {
    failures = 0;
    reconnect();
  }
}

/** One calm line above the message box: "offline", "gone", "reconnecting", "delayed", or nothing. */
export function say() {
  const line = document.getElementById("connection");
  const text = line?.dataset[state()] ?? "";
  if (line && line.textContent !== text) line.textContent = text;
}

function state() {
  if (!navigator.onLine) return "offline";
  if (isGone) return "gone";
  if (reaches === false) return document.querySelector("#composer-error [data-unsent]") ? "" : "reconnecting"; // says so
  return !isLive() && failures > 2 ? "delayed" : "";
}

export function tellGone() {
  isGone = true;
  say();
}

addEventListener("offline", () => {
  reaches = false;
  say();
});
addEventListener("online", () => {
  failures = 0;
  say();
  reconnect();
  uses.look();
});

let hiddenAt = 0;
document.addEventListener("visibilitychange", () => {
  if (document.hidden) hiddenAt = Date.now();
  else comeBack(Date.now() - hiddenAt > STALE_MS);
});
addEventListener("pageshow", (event) => event.persisted && comeBack(true));

function comeBack(isStale) {
  if (isStale || !socket || socket.readyState === WebSocket.CLOSED) reconnect();
  uses.look();
}

document.addEventListener("htmx:load", (event) => {
  if (event.detail.elt.id !== "conversation") return;
  isGone = false;
  failures = 0;
  connect();
  say();
});
document.addEventListener("htmx:beforeCleanupElement", ({ target }) => target.id === "conversation" && disconnect());

// --- Commands: whose page this is -----------------------------------------------------------------

// Every command says for whom the page was made. Where its token has become too old, it is sent once more with a fresh
// one; what is asked for while the computer is offline is asked when the line is back.
const REFUSED = "X-CSRF-Refused"; // see chatbot_site.csrf
const plainFetch = window.fetch.bind(window);
const body = document.body;
const isCommand = (method) => !/^(get|head)$/i.test(method);

let renewing = null;

/** A fresh token, which the page's forms have then too; null when the page leaves. Rejects when nobody answers. */
export function renew() {
  renewing ??= askForToken().finally(() => {
    renewing = null;
  });
  return renewing;
}

async function askForToken() {
  const headers = { "HX-Request": "true", "HX-Current-URL": location.href };
  const response = await plainFetch(body.dataset.sessionUrl, { headers, signal: AbortSignal.timeout(15_000) });
  const login = response.headers.get("HX-Redirect");
  if (login) return leave(login);
  if (!response.ok) throw new Error(String(response.status));
  const { person, token } = await response.json();
  if (person !== body.dataset.person) return leave("/");
  for (const input of document.querySelectorAll("[name=csrfmiddlewaretoken]")) input.value = token;
  body.setAttribute("hx-headers", JSON.stringify({ ...JSON.parse(body.getAttribute("hx-headers")), "X-CSRFToken": token }));
  return token;
}

export function leave(url) {
  document.dispatchEvent(new CustomEvent("session:leaving"));
  location.assign(url);
  return null;
}

function withToken(content, token) {
  if (content instanceof FormData && content.has("csrfmiddlewaretoken")) content.set("csrfmiddlewaretoken", token);
  if (typeof content !== "string" || !content.includes("csrfmiddlewaretoken=")) return content;
  const fields = new URLSearchParams(content);
  fields.set("csrfmiddlewaretoken", token);
  return fields.toString();
}

/** When the computer is not offline (any more). */
export const online = () =>
  navigator.onLine ? Promise.resolve() : new Promise((done) => addEventListener("online", done, { once: true }));

/** Behaves to whoever uses it as if the first try, and the waiting while offline, had not been. */
class PatientRequest extends XMLHttpRequest {
  #opened = [];
  #headers = [];
  #body = null;
  #isSecond = false;
  #isHeld = false; // not under way: waits for the line, or for a token
  #goOn = () => this.#isHeld && this.#go();

  constructor() {
    super();
    for (const type of ["readystatechange", "load", "loadend"]) this.addEventListener(type, (event) => this.#hear(event));
  }

  open(...opened) {
    this.#opened = opened;
    this.#headers = [];
    this.#isSecond = false;
    super.open(...opened);
    this.#sign();
  }

  #sign() {
    if (isCommand(this.#opened[0])) super.setRequestHeader("X-Person", body.dataset.person);
  }

  setRequestHeader(name, value) {
    this.#headers.push([name, value]);
    super.setRequestHeader(name, value);
  }

  send(content = null) {
    this.#body = content;
    this.#isHeld = !navigator.onLine && isCommand(this.#opened[0]);
    if (this.#isHeld) void online().then(this.#goOn);
    else super.send(content);
  }

  abort() {
    const wasHeld = this.#isHeld;
    this.#isHeld = false;
    super.abort();
    if (wasHeld) for (const type of ["abort", "loadend"]) this.dispatchEvent(new ProgressEvent(type));
  }

  #go() {
    this.#isHeld = false;
    super.send(this.#body);
  }

  #hear(event) {
    const isDone = this.readyState === XMLHttpRequest.DONE;
    if (!event.isTrusted || !isDone || this.#isSecond || this.status !== 403 || !this.getResponseHeader(REFUSED)) return;
    event.stopImmediatePropagation();
    if (event.type === "loadend") void this.#again();
  }

  async #again() {
    this.#isSecond = this.#isHeld = true;
    const token = await renew().catch(() => "");
    if (!this.#isHeld || token === null) return; // given up meanwhile, or the page leaves
    if (!token) {
      this.#isHeld = false;
      for (const type of ["load", "loadend"]) this.dispatchEvent(new ProgressEvent(type));
      return;
    }
    super.open(...this.#opened);
    this.#sign();
    for (const [name, value] of this.#headers) super.setRequestHeader(name, name === "X-CSRFToken" ? token : value);
    this.#body = withToken(this.#body, token);
    this.#go();
  }
}
window.XMLHttpRequest = PatientRequest;

window.fetch = async (resource, options = {}) => {
  if (!isCommand(options.method ?? "GET")) return plainFetch(resource, options);
  await online();
  const headers = { ...options.headers, "X-Person": body.dataset.person };
  const response = await plainFetch(resource, { ...options, headers });
  if (response.status !== 403 || !response.headers.has(REFUSED)) return response;
  const token = await renew().catch(() => null);
  return token ? plainFetch(resource, { ...options, headers: { ...headers, "X-CSRFToken": token } }) : response;
};

// A session that has ended answers with the login page: go there instead of showing it inside.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, requestConfig } = event.detail;
  if (!xhr.responseURL || new URL(xhr.responseURL).pathname === new URL(requestConfig.path, location).pathname) return;
  event.preventDefault();
  location.assign(xhr.responseURL);
});

// --- What did not come -----------------------------------------------------------------------------

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
  // Its address is a page of its own, for browsers without scripts; here it comes into this one, however often asked.
  const missed = event.target.closest('[data-missed] > a, [hx-trigger$=", again"] > a')?.parentElement;
  if (!missed || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  askAgain([missed]);
});
