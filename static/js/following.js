/**
 * Keeps the end of the conversation in view until the reader moves away from it.
 *
 * The reader is whoever uses the wheel, a finger, keys or the scroll bar; and a scroll that comes by itself, as of a
 * search in the page or of a screen reader. The layout moves the place too: messages come and go, those out of sight
 * are measured late, images and fonts arrive, the message box grows. That is not the reader, and is put right.
 *
 * Listens to "reading:end" (to the end, and stay there) and "reading:stay" (leave the place alone).
 */

const NEAR_END = 32; // px below what is in sight
const SLACK = 4; // px that are no move
const INPUT_MS = 600; // until a scroll follows what the reader did
const STIR_MS = 400; // at most, until the layout has come to rest
const UPWARD = new Set(["ArrowUp", "PageUp", "Home", "Tab"]);
const view = () => document.getElementById("reading");
const endOf = (scroller) => scroller.scrollHeight - scroller.clientHeight;
const now = () => performance.now();

let following = true;
let endIsSeen = true;
let top = 0; // where we scrolled to last
let last = 0; // where the last scroll ended
let upwardAt = -Infinity; // when the reader did what leads upward
let stirredAt = -Infinity; // when messages came or went, or what else stirs up the layout
let patchedAt = -Infinity; // when something inside of a message did
let isHeld = false; // a mouse button is down in the messages or on their scroll bar, or they roll by themselves
let laterFollow = 0;

// --- Following ------------------------------------------------------------------------------------

function setFollowing(value) {
  following = value;
  upwardAt = -Infinity; // what it was for has come about
  view()?.toggleAttribute("data-following", value);
  showJump();
}

/** There is nothing to jump to on a page without messages. */
function showJump() {
  const jump = document.getElementById("jump");
  if (jump) jump.hidden = following || endIsSeen || !document.querySelector("#messages > .message");
}

const isUpward = () => isHeld || now() - upwardAt < INPUT_MS;

/** Runs between layout and paint, so it costs no layout of its own. Waits while the reader is about to scroll. */
function follow() {
  const scroller = view();
  if (!scroller || !following) return;
  clearTimeout(laterFollow);
  if (isUpward()) laterFollow = setTimeout(follow, INPUT_MS);
  else {
    top = endOf(scroller);
    if (scroller.scrollTop >= top - SLACK) settle();
    else scroller.scrollTop = top;
  }
}

function lookWhetherMoved() {
  const scroller = view();
  if (!scroller) return;
  const place = scroller.scrollTop;
  const end = endOf(scroller);
  const isDown = place > last;
  last = place;
  if (!following) {
    if (isDown && place >= end - NEAR_END) followAgain(place);
  } else if (place >= end - SLACK) settle();
  else if (place < top - SLACK) {
    if (!isUpward() && isStirred(top - place, scroller)) follow();
    else setFollowing(false);
  }
}

/** A patch of an answer may take away a line or two for a moment, not half of what is in sight. */
function isStirred(drop, scroller) {
  return now() - stirredAt < STIR_MS || (now() - patchedAt < STIR_MS && drop < scroller.clientHeight / 2);
}

function followAgain(place = 0) {
  top = place;
  setFollowing(document.querySelector("#messages > .message") !== null);
}

/** The news may come late, when the reader has moved on: what counts is where the end is now. */
function seen(records) {
  const end = records.at(-1).target;
  if (!end.isConnected) return;
  lookWhetherMoved();
  endIsSeen = end.getBoundingClientRect().top <= view().getBoundingClientRect().bottom + NEAR_END;
  if (endIsSeen && !following && !isUpward()) followAgain(view().scrollTop);
  else showJump();
}

const sizes = new ResizeObserver(follow);
const comings = new MutationObserver((records) => {
  if (records.some(({ target }) => target.parentElement === view())) stir();
  else patchedAt = now();
});
let ending = null;

/** From here on a place above the end may be the layout's doing: until the end is in its place again. */
function stir() {
  stirredAt = now();
}

function settle() {
  stirredAt = patchedAt = -Infinity;
}

function observe() {
  sizes.disconnect();
  comings.disconnect();
  ending?.disconnect();
  if (!view()) return;
  ending = new IntersectionObserver(seen, { root: view(), rootMargin: `0px 0px ${NEAR_END}px 0px` });
  ending.observe(document.getElementById("reading-end"));
  sizes.observe(view());
  for (const id of ["messages", "waiting"]) {
    sizes.observe(document.getElementById(id));
    comings.observe(document.getElementById(id), { childList: true, subtree: true });
  }
}

document.addEventListener("reading:end", () => {
  followAgain();
  requestAnimationFrame(follow);
});
document.addEventListener("reading:stay", () => setFollowing(false));
document.addEventListener("click", (event) => {
  if (!event.target.closest("#jump")) return;
  followAgain();
  follow();
  view().focus({ preventScroll: true });
});

// --- The reader -----------------------------------------------------------------------------------

const options = { capture: true, passive: true };
const isInside = (event) => view()?.contains(event.target);

function noteUpward() {
  upwardAt = now();
}

document.addEventListener("scroll", (event) => event.target === view() && lookWhetherMoved(), options);
document.addEventListener("wheel", (event) => event.deltaY < 0 && !event.ctrlKey && isInside(event) && noteUpward(), options);
document.addEventListener(
  "keydown",
  (event) => {
    const isEditing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (!isEditing && (UPWARD.has(event.key) || (event.key === " " && event.shiftKey))) noteUpward();
  },
  options,
);

let finger = 0;
document.addEventListener("touchstart", (event) => (finger = event.touches[0].clientY), options);
document.addEventListener(
  "touchmove",
  (event) => {
    const { clientY } = event.touches[0];
    if (clientY > finger && isInside(event)) noteUpward();
    finger = clientY;
  },
  options,
);

// The scroll bar is the element's own; the middle button makes the page roll until the next press.
document.addEventListener(
  "pointerdown",
  (event) => {
    isHeld = event.pointerType !== "touch" && isInside(event);
    if (isHeld) document.addEventListener("pointermove", lookWhetherHeld, options);
  },
  options,
);
document.addEventListener("pointerup", (event) => event.button !== 1 && letGo(), options);
document.addEventListener("pointercancel", letGo, options);

/** Of a scroll bar that is let go of, not every browser tells. */
function lookWhetherHeld(event) {
  if (!event.buttons && !document.querySelector("#reading:active")) letGo();
}

function letGo() {
  document.removeEventListener("pointermove", lookWhetherHeld, options);
  if (!isHeld) return;
  lookWhetherMoved(); // the scroll itself may be told of later
  isHeld = false;
  follow();
}

// --- What else moves the page ---------------------------------------------------------------------

document.addEventListener("input", (event) => event.target.id === "composer-text" && stir(), options); // and is measured
document.addEventListener("load", (event) => isInside(event) && stir(), options);
for (const target of [window, visualViewport]) target?.addEventListener("resize", stir);
document.fonts.addEventListener("loadingdone", stir);

// Older messages come in above: what is being read stays where it is.
let fromEnd = null;
document.addEventListener("htmx:beforeSwap", (event) => {
  lookWhetherMoved(); // before the swap takes away what tells it
  const isEarlier = event.detail.requestConfig?.elt.classList.contains("earlier");
  if (isEarlier && event.detail.shouldSwap) fromEnd = view().scrollHeight - view().scrollTop;
});
document.addEventListener("messages:refreshing", () => {
  lookWhetherMoved();
  fromEnd = following ? null : view().scrollHeight - view().scrollTop;
});

function keepPlace() {
  if (fromEnd === null || !view()) return;
  view().scrollTop = view().scrollHeight - fromEnd;
  fromEnd = null;
  comings.takeRecords(); // all of it is measured by now
  settle();
}

document.addEventListener("htmx:afterSwap", () => {
  keepPlace();
  showJump();
});
document.addEventListener("messages:refreshed", () => {
  observe();
  follow();
  keepPlace();
});

// --- The pane comes and goes ----------------------------------------------------------------------

function begin() {
  if (!view()) return;
  isHeld = false;
  last = 0;
  observe();
  if (lookAt(location.hash)) setFollowing(false);
  else followAgain(); // which the observer of sizes sets about at the next layout
}

/** Opened at one message, as a search does: there the reader begins. */
function lookAt(hash) {
  const message = /^#message-\d+$/.test(hash) && view().querySelector(hash);
  if (message) message.scrollIntoView({ block: "center" });
  return Boolean(message);
}

document.addEventListener("htmx:load", (event) => event.detail.elt.id === "conversation" && begin());
setTimeout(begin); // in a task of its own: htmx goes through the page in this one
