/**
 * Reading: keeps to the end of an answer while the reader is there, tells a screen reader that an answer has begun or
 * ended, and copies answers and code.
 */

const NEAR_END = "0px 0px 32px 0px";
const SPOKEN = 200; // characters of an answer that are read out when it ends
const COPIED_MS = 2000;
const OPEN = new Set(["queued", "running"]);
const view = () => document.getElementById("reading");

// --- The end of the conversation ------------------------------------------------------------------

let following = true;
let top = 0; // where we scrolled to last: a smaller position now means that the reader has moved up

/** Runs between layout and paint, so it costs no layout of its own. */
function follow() {
  const scroller = view();
  if (!scroller) return;
  const end = scroller.scrollHeight - scroller.clientHeight;
  if (following && scroller.scrollTop < Math.min(top, end) - 4) following = false;
  if (!following) return;
  scroller.scrollTop = end;
  top = end;
}

function seen(entries) {
  const latest = entries[entries.length - 1];
  if (!latest.target.isConnected) return;
  const place = view().scrollTop;
  if (latest.isIntersecting) {
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
  ending = new IntersectionObserver(seen, { root: view(), rootMargin: NEAR_END });
  ending.observe(document.getElementById("reading-end"));
  sizes.observe(view());
  sizes.observe(document.getElementById("messages"));
}

document.addEventListener("reading:end", followAgain);
document.addEventListener("click", (event) => {
  if (!event.target.closest("#jump")) return;
  followAgain();
  follow();
  view().focus({ preventScroll: true });
});

// Older messages come in above: what is being read stays where it is.
let fromEnd = null;
const isEarlier = (event) => event.detail.requestConfig?.elt.classList.contains("earlier");
document.addEventListener("htmx:beforeSwap", (event) => {
  if (isEarlier(event)) fromEnd = view().scrollHeight - view().scrollTop;
});
document.addEventListener("messages:refreshing", () => {
  fromEnd = following ? null : view().scrollHeight - view().scrollTop;
});

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
  setTimeout(finish, 300, article, status); // the last patch and the foot come right after
});

function finish(article, status) {
  if (!article.isConnected) return;
  decorate(article);
  if (status === "complete") {
    const text = plainText(article.querySelector("[data-message-body]")).trim();
    say(`${announcer.dataset.finished} ${text.slice(0, SPOKEN)}`);
  } else {
    const reason = article.querySelector(".card > p")?.textContent.replace(/\s+/g, " ").trim();
    say(`${announcer.dataset.failed} ${reason ?? ""}`);
  }
}

// --- Copying --------------------------------------------------------------------------------------

const codeActions = document.getElementById("code-actions");

/** Gives each finished code block its copy button. */
function decorate(part) {
  for (const caption of part.querySelectorAll("figure.code > figcaption")) {
    if (!caption.querySelector("[data-copy-code]")) caption.append(codeActions.content.cloneNode(true));
  }
}

// While its answer is still written, a code block gets the button when someone points at it.
document.addEventListener("pointerover", (event) => {
  const figure = event.target.closest?.("figure.code");
  if (figure) decorate(figure.parentElement);
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-code]");
  if (!button) return;
  const body = button.closest(".message").querySelector("[data-message-body]");
  const code = button.closest("figure")?.querySelector("pre");
  await copy(code ? code.textContent : plainText(body));
  confirmCopy(button);
});

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
  use.setAttribute("href", "#icon-done");
  say(announcer.dataset.copied);
  setTimeout(() => use.setAttribute("href", "#icon-copy"), COPIED_MS);
}

// --- The pane and its messages come and go --------------------------------------------------------

function begin() {
  if (!view()) return;
  observe();
  decorate(view());
  followAgain();
  follow();
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
  top = 0; // where messages were taken out, the place above which nobody can be says nothing
  keepPlace();
  const control = event.detail.requestConfig?.elt;
  // A button that went with its message leaves the focus nowhere.
  const isLost = control && !control.isConnected && document.activeElement === document.body;
  if (isLost) view()?.focus({ preventScroll: true });
});
begin();
