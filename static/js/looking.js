/**
 * Looks at the server over HTTP while the websocket says nothing: a proxy may refuse it, close it, or let nothing
 * through. One light request; often while an answer is open, seldom else, and none while nobody sees the page.
 *
 * Loaded by stream.js with the first answer, or some time after the page.
 */

import { distrust, examine, heardLast, isAway, isLive, leave, reached, tellGone } from "./connection.js";

const TICK_MS = 1000;
const FETCH_MS = 10_000; // longer than that: the connection is dead
const OPEN_ON_PAGE =
  '#messages > :is([data-status="queued"], [data-status="running"]):not([data-pending]), #waiting > li:not([data-pending])';

let lookedAt = Date.now();
let took = 0;
let idle = 0; // looks in a row that brought nothing
let mark = ""; // of the state that was seen last
let isLooking = false;

const pane = () => document.getElementById("conversation");

/** Milliseconds from the last word, whoever brought it, to the next look: [at first, at most]. */
function pauses() {
  if (isAway()) return [2_000, 8_000];
  if (document.querySelector(OPEN_ON_PAGE)) return isLive() ? [4_000, 10_000] : [1_500, 5_000];
  return isLive() ? [60_000, 60_000] : [15_000, 60_000];
}

function isDue() {
  if (document.hidden || !navigator.onLine) return false;
  if (heardLast() > lookedAt) idle = 0;
  const [first, most] = pauses();
  const since = Date.now() - Math.max(lookedAt, isLive() ? heardLast() : 0);
  return since >= Math.min(first * 1.5 ** idle, most) + 3 * took;
}

/** `take` draws what the server says, and tells whether that was news; `isBusy`: not now. */
export function begin(take, isBusy) {
  const look = () => lookAtServer(take, isBusy);
  setInterval(() => {
    if (document.hidden) return;
    examine();
    if (isDue()) void look();
  }, TICK_MS);
  document.addEventListener("htmx:load", (event) => {
    if (event.detail.elt.id === "conversation") mark = "";
  });
  return look;
}

async function lookAtServer(take, isBusy) {
  const here = pane();
  if (isLooking || isBusy() || !navigator.onLine || !here || here.hasAttribute("hx-disable")) return;
  isLooking = true;
  const began = Date.now();
  try {
    const state = await ask(here);
    took = Date.now() - began;
    if (here === pane()) reached(true);
    if (state && here === pane() && !isBusy() && heardLast() < began) learn(state, take);
    else idle += 1;
  } catch {
    mark = "";
    idle += 1;
    if (here === pane()) reached(false);
  } finally {
    isLooking = false;
    lookedAt = Date.now();
  }
}

function learn(state, take) {
  mark = state.mark;
  const isNews = take(state);
  idle = isNews ? 0 : idle + 1;
  if (isNews) distrust();
}

/** The state of the conversation; null when it is as it was. */
async function ask(here) {
  const headers = { "HX-Request": "true", "HX-Current-URL": location.href };
  const signal = AbortSignal.timeout(FETCH_MS);
  const response = await fetch(`${here.dataset.url}state/?seen=${mark}`, { headers, signal });
  const login = response.headers.get("HX-Redirect");
  if (login) leave(login);
  else if (response.status === 404 && here === pane()) tellGone();
  else if (!response.ok) throw new Error(String(response.status));
  return response.status === 200 && !login ? response.json() : null;
}

// --- Drawing --------------------------------------------------------------------------------------

/**
 * Makes a part of the page like another one, and leaves alone what is alike: what the reader has selected, unfolded or
 * focused there stays.
 */
export function become(old, fresh) {
  let at = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const next = at?.nextSibling ?? null;
    if (!at) old.append(wanted);
    else if (!at.isEqualNode(wanted)) becomeNode(at, wanted);
    at = next;
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
  if (fresh.attributes) copyAttributes(old, fresh);
}

function becomeNode(old, fresh) {
  if (old.nodeName !== fresh.nodeName) old.replaceWith(fresh);
  else if (old.nodeType === Node.ELEMENT_NODE) become(old, fresh);
  else if (fresh.data.startsWith(old.data)) old.appendData(fresh.data.slice(old.data.length));
  else old.data = fresh.data;
}

/** Whether something is unfolded is the reader's own. */
function copyAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) if (name !== "open" && !fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
}
