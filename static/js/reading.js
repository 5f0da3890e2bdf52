/**
 * Reading: tells a screen reader that an answer has begun or ended, copies answers and code, folds long code. What is
 * not always needed is loaded from the addresses in #aids.
 */

const SPOKEN = 200; // characters of an answer that are read out when it ends
const COPIED_MS = 2000;
const OPEN = new Set(["queued", "running"]);
const view = () => document.getElementById("reading");

// --- What a screen reader hears -------------------------------------------------------------------

const announcer = document.getElementById("announcer");

function say(text) {
  announcer.textContent = text;
}

document.addEventListener("answer:status", (event) => {
  const { status, article } = event.detail;
  if (status === "running") say(announcer.dataset.started);
  if (OPEN.has(status)) return;
  setTimeout(finish, 300, article.id, status); // the last patch and the foot come right after
});

function finish(id, status) {
  const article = document.getElementById(id); // which may have been fetched anew since
  if (!article) return;
  decorate(article, true);
  const reason = article.querySelector(".card > p")?.textContent.replace(/\s+/g, " ").trim() ?? "";
  if (status === "complete") {
    const text = plainText(article.querySelector("[data-message-body]")).trim();
    say(`${announcer.dataset.finished} ${text.slice(0, SPOKEN) || reason}`);
  } else {
    say(`${announcer.dataset.failed} ${reason}`);
  }
}

// --- Copying, and what else can be done with a block ----------------------------------------------

const aids = document.getElementById("aids");
const codeActions = document.getElementById("code-actions");
const blockActions = document.getElementById("block-actions").content;
const FINAL = '.message:not([data-status="queued"], [data-status="running"]) > [data-message-body]';
const LONG_CODE = 25; // lines
const LONG_TEXT = 100_000; // characters
const WIDE_LINE = matchMedia("(width >= 48rem)").matches ? /.{80}/ : /.{36}/;
const load = (name) => import(aids.dataset[name]);
const action = (name) => blockActions.querySelector(name).cloneNode(true);

/** Gives each code block its copy button, and finished blocks what else they need. */
function decorate(part, isFresh = false) {
  for (const caption of part.querySelectorAll("figure.code > figcaption")) {
    if (!caption.querySelector("[data-copy-code]")) caption.append(codeActions.content.cloneNode(true));
  }
  for (const figure of part.querySelectorAll(`${FINAL} figure.code:not(:has([data-wrap], [data-fold]))`)) {
    equip(figure, isFresh);
  }
  for (const table of part.querySelectorAll(`${FINAL} .table:not(:has(+ [data-csv]))`)) {
    table.after(action('[data-csv="copy"]'), action('[data-csv="download"]'));
  }
}

/** Long code is folded, but not under the eyes of whoever has just seen it being written. */
function equip(figure, isFresh) {
  const code = figure.querySelector("pre").textContent;
  const lines = code.split("\n").length;
  if (WIDE_LINE.test(code)) figure.querySelector("[data-copy-code]").before(action("[data-wrap]"));
  if (lines <= LONG_CODE) return;
  const fold = action("[data-fold]");
  fold.dataset.more = fold.ariaLabel.replace("#", lines.toLocaleString());
  figure.append(fold);
  setFolded(fold, !isFresh);
}

function setFolded(fold, isFolded) {
  fold.ariaExpanded = String(!isFolded);
  fold.ariaLabel = isFolded ? fold.dataset.more : aids.dataset.fewer;
}

/** Back to the top of a block that has become shorter, if that went out of sight. */
function toggleFold(fold) {
  setFolded(fold, fold.ariaExpanded === "true");
  if (fold.ariaExpanded === "false") fold.closest("figure").scrollIntoView({ block: "nearest" });
}

// While its answer is still written, a code block gets the button when someone points at it.
document.addEventListener("pointerover", (event) => {
  const figure = event.target.closest?.("figure.code");
  if (figure) decorate(figure.parentElement);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy], [data-copy-code], [data-csv], [data-copy-as]");
  const fold = event.target.closest("[data-fold]");
  const wrap = event.target.closest("[data-wrap]");
  if (button) void copyFor(button);
  else if (fold) toggleFold(fold);
  else if (wrap) wrap.ariaPressed = String(wrap.ariaPressed !== "true");
});

async function copyFor(button) {
  const { csv, copyAs } = button.dataset;
  try {
    if (csv) await (await load("tables")).take(button, copy);
    else if (copyAs) await (await load("copying")).copyFormatted(button);
    else await copy(button.dataset.source ? sourceAt(button.dataset.source) : textFor(button));
  } catch {
    return document.dispatchEvent(new CustomEvent("htmx:sendError", { detail: {} })); // tells so
  }
  if (csv !== "download") confirmCopy(button);
}

/** The code of a block, or a question: both are on the page as they were written. */
function textFor(button) {
  const place = button.closest("figure")?.querySelector("pre");
  return (place ?? button.closest(".message").querySelector("[data-message-body]")).textContent;
}

/** An answer as the model wrote it, which the server keeps. */
async function sourceAt(url) {
  const response = await fetch(url);
  if (!response.ok || response.redirected) throw new Error(String(response.status));
  return response.text();
}

/** The text as it is read: without the captions of code blocks and the buttons in them, which keep their places. */
function plainText(body) {
  if (body.textContent.length > LONG_TEXT) return body.textContent; // what is read of it would have all of it laid out
  body.toggleAttribute("data-read-out", true);
  const text = body.innerText;
  body.removeAttribute("data-read-out");
  return text;
}

/** `text` may be on its way: a browser that asks for the click itself is given the promise. */
async function copy(text) {
  try {
    if (typeof text === "string") return await navigator.clipboard.writeText(text);
    const blob = text.then((source) => new Blob([source], { type: "text/plain" }));
    await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
  } catch {
    copyByHand(await text); // the clipboard's own interface needs HTTPS
  }
}

function copyByHand(text) {
  const area = document.createElement("textarea");
  area.className = "visually-hidden";
  area.value = text;
  document.body.append(area);
  const before = document.activeElement;
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  before?.focus();
  if (!isCopied) throw new Error("refused");
}

function confirmCopy(button) {
  const use = button.querySelector("use");
  say(announcer.dataset.copied);
  if (use) use.setAttribute("href", "#icon-done");
  else button.dataset.copied = announcer.dataset.copied;
  setTimeout(() => {
    use?.setAttribute("href", "#icon-copy");
    delete button.dataset.copied;
  }, COPIED_MS);
}

// --- More about an answer -------------------------------------------------------------------------

document.addEventListener("htmx:afterSwap", async (event) => {
  if (event.detail.target.id === "answer-panel") (await load("copying")).showPanel(event.detail.requestConfig.elt);
});

// --- The pane and its messages come and go --------------------------------------------------------

document.addEventListener("htmx:load", (event) => {
  if (event.detail.elt.id === "conversation") decorate(event.detail.elt);
  else if (event.detail.elt.closest?.("#messages")) {
    decorate(event.detail.elt);
    if (event.detail.elt.dataset?.status === "running") say(announcer.dataset.started); // had begun before it came
  }
});
document.addEventListener("messages:refreshed", () => decorate(view()));

// Earlier messages are decorated before the place of what is being read is looked for.
let firstShown = null;
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.requestConfig?.elt.classList.contains("earlier")) firstShown = detail.target.nextElementSibling;
});
document.addEventListener("htmx:afterSwap", () => {
  for (let part = firstShown?.previousElementSibling; part; part = part.previousElementSibling) decorate(part);
  firstShown = null;
});

// What had the focus and went with its message leaves it nowhere, as does the button that began it. Nothing else moves
// the focus, and no frame is drawn round the messages for who uses a mouse.
let held = null; // {element, isVisible}: what had the focus
const begun = new WeakMap(); // the button of a request: whether its focus was visible

document.addEventListener("htmx:beforeRequest", ({ detail: { elt } }) => {
  if (elt.contains(document.activeElement)) begun.set(elt, document.activeElement.matches(":focus-visible"));
});
document.addEventListener(
  "htmx:beforeSwap",
  () => {
    const element = document.activeElement;
    held = { element, isVisible: element?.matches(":focus-visible") };
  },
  true,
);
document.addEventListener("htmx:afterSwap", ({ detail: { requestConfig } }) => {
  const control = requestConfig?.elt;
  const isGone = held?.element?.isConnected === false;
  const isLost = isGone || (begun.has(control) && !control.isConnected);
  const focusVisible = isGone ? held.isVisible : begun.get(control);
  held = null;
  if (isLost && document.activeElement === document.body) view()?.focus({ preventScroll: true, focusVisible });
});

setTimeout(() => view() && decorate(view())); // in a task of its own: htmx goes through the page in this one

// === The end of the conversation in view ==========================================================

// Keeps the end of the conversation in view until the reader moves away from it.
//
// The reader is whoever uses the wheel, a finger, keys or the scroll bar; and a scroll that comes by itself, as of a
// search in the page or of a screen reader. The layout moves the place too: messages come and go, those out of sight
// are measured late, images and fonts arrive, the message box grows. That is not the reader, and is put right.
//
// Listens to "reading:end" (to the end, and stay there) and "reading:stay" (leave the place alone).

const NEAR_END = 32; // px below what is in sight
const SLACK = 4; // px that are no move
const INPUT_MS = 600; // until a scroll follows what the reader did
const STIR_MS = 400; // at most, until the layout has come to rest
const UPWARD = new Set(["ArrowUp", "PageUp", "Home", "Tab"]);
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

// What the reader unfolds stays where it is; only the answer that is being written goes on under their eyes.
document.addEventListener(
  "click",
  ({ target }) => {
    const message = target.closest(".message :is(summary, [data-fold], [data-wrap])")?.closest(".message");
    if (!message || !following || OPEN.has(message.dataset.status)) return;
    setFollowing(false);
    requestAnimationFrame(() => requestAnimationFrame(lookWhetherAtEnd));
  },
  true,
);

function lookWhetherAtEnd() {
  const scroller = view();
  if (scroller && scroller.scrollTop >= endOf(scroller) - NEAR_END) followAgain(scroller.scrollTop);
}
document.addEventListener("click", (event) => {
  if (!event.target.closest("#jump")) return;
  followAgain();
  follow();
  view().focus({ preventScroll: true });
});

// Thoughts have a scroll bar of their own. Whoever opens them while they are written sees the newest, until they scroll up.
let thoughts = null; // the ones that are open and being written
let showsNewest = true;
const growing = new MutationObserver(() => requestAnimationFrame(showNewest));

document.addEventListener(
  "toggle",
  ({ target }) => {
    if (!target.matches?.("[data-reasoning][open]") || !OPEN.has(target.closest(".message")?.dataset.status)) return;
    thoughts = target.querySelector("[data-reasoning-body]");
    showsNewest = true;
    showNewest();
    growing.disconnect();
    growing.observe(thoughts, { childList: true, characterData: true, subtree: true });
  },
  true,
);

function showNewest() {
  if (showsNewest) thoughts.scrollTop = thoughts.scrollHeight;
}

// --- The reader -----------------------------------------------------------------------------------

const options = { capture: true, passive: true };
const isInside = (event) => view()?.contains(event.target);

function noteUpward() {
  upwardAt = now();
}

document.addEventListener("scroll", ({ target }) => target === view() && lookWhetherMoved(), options);
document.addEventListener(
  "scroll",
  ({ target }) => target === thoughts && (showsNewest = thoughts.scrollTop >= endOf(thoughts) - NEAR_END),
  options,
);
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
