/**
 * Reading: keeps to the end of an answer while the reader is there, tells a screen reader that an answer has begun or
 * ended, copies answers and code, folds long code. What is not always needed is loaded from the addresses in #aids.
 */

const NEAR_END = 32; // px below what is in sight
const SPOKEN = 200; // characters of an answer that are read out when it ends
const COPIED_MS = 2000;
const OPEN = new Set(["queued", "running"]);
const view = () => document.getElementById("reading");

// --- The end of the conversation ------------------------------------------------------------------

let following = true;
let top = 0; // where we scrolled to last: a smaller position now means that the reader has moved up

const endOf = (scroller) => scroller.scrollHeight - scroller.clientHeight;

/** Whoever has scrolled up since the last look is followed no more. */
function lookWhetherMoved(scroller) {
  if (following && scroller.scrollTop < Math.min(top, endOf(scroller)) - 4) following = false;
}

/** Runs between layout and paint, so it costs no layout of its own. */
function follow() {
  const scroller = view();
  if (!scroller) return;
  lookWhetherMoved(scroller);
  if (!following) return;
  top = endOf(scroller);
  scroller.scrollTop = top;
}

/** The news may come late, when the reader has moved on: what counts is where the end is now. */
function seen([{ target: end }]) {
  if (!end.isConnected) return;
  const place = view().scrollTop;
  if (end.getBoundingClientRect().top <= view().getBoundingClientRect().bottom + NEAR_END) {
    following = true;
    top = place;
  } else if (following && place >= top - 4) follow(); // it has grown since the last look: nobody has moved
  else following = false;
  document.getElementById("jump").hidden = following;
}

/** To the end, and stay there. */
function followAgain() {
  following = true;
  top = 0;
}

const sizes = new ResizeObserver(follow);
let ending = null;

function observe() {
  sizes.disconnect();
  ending?.disconnect();
  if (!view()) return;
  ending = new IntersectionObserver(seen, { root: view(), rootMargin: `0px 0px ${NEAR_END}px 0px` });
  ending.observe(document.getElementById("reading-end"));
  sizes.observe(view());
  sizes.observe(document.getElementById("messages"));
}

document.addEventListener("reading:end", followAgain);
document.addEventListener("reading:stay", () => {
  following = false;
});
document.addEventListener("click", (event) => {
  if (!event.target.closest("#jump")) return;
  followAgain();
  follow();
  view().focus({ preventScroll: true });
});

// Older messages come in above: what is being read stays where it is.
let fromEnd = null;
let firstShown = null; // of the messages before the earlier ones come
const isEarlier = (event) => event.detail.requestConfig?.elt.classList.contains("earlier");
document.addEventListener("htmx:beforeSwap", (event) => {
  if (view()) lookWhetherMoved(view()); // before the swap takes away what tells it
  if (!isEarlier(event) || !event.detail.shouldSwap) return;
  fromEnd = view().scrollHeight - view().scrollTop;
  firstShown = event.detail.target.nextElementSibling;
});
document.addEventListener("messages:refreshing", () => {
  lookWhetherMoved(view());
  fromEnd = following ? null : view().scrollHeight - view().scrollTop;
});

/** Blocks are folded before the place is looked for. */
function decorateEarlier() {
  for (let part = firstShown?.previousElementSibling; part; part = part.previousElementSibling) decorate(part);
  firstShown = null;
}

function keepPlace() {
  if (fromEnd === null) return;
  view().scrollTop = view().scrollHeight - fromEnd;
  fromEnd = null;
}

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
    else if (copyAs) await (await load("copying")).copyAs(button, copy, plainText);
    else await copy(textFor(button));
  } catch {
    return document.dispatchEvent(new CustomEvent("htmx:sendError", { detail: {} })); // tells so
  }
  if (csv !== "download") confirmCopy(button);
}

function textFor(button) {
  const code = button.closest("figure")?.querySelector("pre");
  return code ? code.textContent : plainText(button.closest(".message").querySelector("[data-message-body]"));
}

/** The text as it is read: without the captions of code blocks and the buttons in them. */
function plainText(body) {
  const captions = body.querySelectorAll("figcaption");
  for (const caption of captions) caption.hidden = true;
  const text = body.innerText;
  for (const caption of captions) caption.hidden = false;
  return text;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyByHand(text); // the clipboard's own interface needs HTTPS
  }
}

function copyByHand(text) {
  const area = document.createElement("textarea");
  area.className = "visually-hidden";
  area.value = text;
  document.body.append(area);
  const before = document.activeElement;
  area.select();
  document.execCommand("copy");
  area.remove();
  before?.focus();
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

function begin() {
  if (!view()) return;
  observe();
  decorate(view());
  if (!lookAt(location.hash)) followAgain(); // which the observer of sizes sets about at the next layout
}

/** Opened at one message, as a search does: there the reader begins. */
function lookAt(hash) {
  const message = /^#message-\d+$/.test(hash) && view().querySelector(hash);
  if (!message) return false;
  following = false;
  message.scrollIntoView({ block: "center" });
  return true;
}

document.addEventListener("htmx:load", (event) => {
  if (event.detail.elt.id === "conversation") begin();
  else if (event.detail.elt.closest?.("#messages")) {
    decorate(event.detail.elt);
    if (event.detail.elt.dataset?.status === "running") say(announcer.dataset.started); // had begun before it came
  }
});
document.addEventListener("messages:refreshed", () => {
  observe();
  decorate(view());
  if (following) follow();
  keepPlace();
});
document.addEventListener("htmx:afterSwap", (event) => {
  // Where messages were taken out the view stands higher now, though nobody has moved.
  if (following && view()) top = Math.min(top, view().scrollTop);
  decorateEarlier();
  keepPlace();
  const control = event.detail.requestConfig?.elt;
  // A button that went with its message leaves the focus nowhere.
  const isLost = control && !control.isConnected && document.activeElement === document.body;
  if (isLost) view()?.focus({ preventScroll: true });
});
setTimeout(begin); // in a task of its own: htmx goes through the page in this one
