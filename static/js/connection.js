/**
 * The websocket of the open conversation, and the one line that says how the connection is.
 *
 * htmx's ws extension opens sockets and swaps their HTML in. When to try again is decided here: htmx counts its tries
 * anew with every opening, and there are proxies that let every socket open and close it at once.
 */

import { renew } from "./session.js";

const CALM_MS = 1000; // a connection that comes back sooner is not worth a line
const STEADY_MS = 15_000; // a socket that has brought frames for so long worked
const FIRST_MS = 10_000; // an open socket without its first frame by then brings none
const OFTEN_MS = 5_000; // the longest pause between two tries while nothing gets through
const SELDOM_MS = 60_000; // and while pages get through, but sockets do not
const STALE_MS = 30_000; // hidden for longer: the socket may have died unnoticed
const HELD = 4999; // the code of a close that htmx shall not answer with a try of its own

let socket = null;
let owner = null; // the pane whose socket it is
let wrapper = null; // of htmx: can reconnect
let startedAt = 0;
let heardAt = 0; // when a frame came; 0: none on this socket
let lastHeardAt = Date.now(); // on any
let isTrusted = true;
let failures = 0; // sockets in a row that did not do
let retry = null;
let reaches = null; // whether the server was reached over HTTP when last tried
let isGone = false;
let isAgain = false; // the frame was kept
let uses = null; // {opened, take, look}: what stream.js does with a fresh socket, a frame, and without any

const pane = () => document.getElementById("conversation");

export const use = (functions) => {
  uses = functions;
};
/** Frames come through. */
export const isLive = () => socket?.readyState === WebSocket.OPEN && heardAt > 0 && isTrusted;
export const heardLast = () => lastHeardAt;
export const isAway = () => reaches === false;

htmx.createWebSocket = (url) => {
  const made = new WebSocket(url);
  socket = made;
  startedAt = Date.now();
  heardAt = 0;
  isTrusted = true;
  clearTimeout(retry);
  uses.opened();
  made.addEventListener("message", (event) => {
    if (made !== socket) return event.stopImmediatePropagation();
    if (!isAgain) heard();
    if (!uses.take(event.data)) event.stopImmediatePropagation();
  });
  made.addEventListener("close", (event) => {
    if (event.code === HELD) return;
    event.stopImmediatePropagation();
    if (made !== socket) return;
    made.dispatchEvent(new CloseEvent("close", { code: HELD })); // brings htmx's wrapper
    closed(event.code);
  });
  made.addEventListener("error", (event) => event.stopImmediatePropagation()); // its close follows and says all
  return made;
};

document.addEventListener("htmx:wsConnecting", ({ target }) => {
  if (target !== owner) wrapper = null;
  owner = target;
});
for (const name of ["htmx:wsOpen", "htmx:wsClose"]) {
  document.addEventListener(name, (event) => {
    if (event.target === owner) wrapper = event.detail.socketWrapper;
  });
}

function heard() {
  const isNews = !isLive() || reaches !== true;
  heardAt = lastHeardAt = Date.now();
  if (!isTrusted) clearTimeout(retry); // it was only late
  isTrusted = true;
  if (heardAt - startedAt > STEADY_MS) failures = 0;
  if (isNews) reached(true);
}

/** A frame that was kept, as if it came now. */
export function deliver(data) {
  isAgain = true;
  socket?.dispatchEvent(new MessageEvent("message", { data }));
  isAgain = false;
}

function closed(code) {
  if (!pane()) return;
  failures += 1;
  if (code === 4404) {
    isGone = true;
    return say();
  }
  const mine = socket;
  if (code === 4401 || code === 4403) renew().then((token) => token && tryAgain(), tryAgain);
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
  if (socket && socket.readyState !== WebSocket.CONNECTING && owner?.isConnected && owner === pane()) wrapper?.reconnect();
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
  else socket.close();
}

/** Whether the server was reached just now. When it is back, the socket does not wait for its next try. */
export function reached(isReached) {
  const isBack = isReached && reaches === false;
  reaches = isReached;
  say();
  if (isBack) document.dispatchEvent(new CustomEvent("connection:back"));
  if (isBack && socket?.readyState === WebSocket.CLOSED) {
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

addEventListener("offline", say);
addEventListener("online", () => {
  failures = 0;
  say();
  if (socket?.readyState !== WebSocket.CONNECTING) reconnect();
  uses.look();
});

let hiddenAt = 0;
document.addEventListener("visibilitychange", () => {
  if (document.hidden) hiddenAt = Date.now();
  else comeBack(Date.now() - hiddenAt > STALE_MS);
});
addEventListener("pageshow", (event) => event.persisted && comeBack(true));

function comeBack(isStale) {
  if (isStale || socket?.readyState === WebSocket.CLOSED) reconnect();
  uses.look();
}

document.addEventListener("htmx:load", (event) => {
  if (event.detail.elt.id !== "conversation") return;
  isGone = false;
  say();
});
