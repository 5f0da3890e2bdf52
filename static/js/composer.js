/**
 * The message box: grows with its text, keeps the draft, shows the message the moment it is sent, and gives the text
 * back when sending failed. While an answer is written its button stops that answer.
 */

const OPEN = '[data-status="queued"], [data-status="running"]';
const NEAR_LIMIT = 0.9;
const STOP_MS = 3000; // an answer that still runs then: the page may have missed its end
const form = () => document.getElementById("composer");
const box = () => document.getElementById("composer-text");
const growsByItself = CSS.supports("field-sizing", "content");

let sending = null; // {text, id, nodes}: the message under way
let failed = null; // {text, id} of the last failure: the same text goes again under the same id
const underWay = new Set(); // ids of messages that the server has not answered yet, also of panes that have gone

// --- Drafts ---------------------------------------------------------------------------------------

const store = {
  read(key) {
    try {
      return JSON.parse(localStorage.getItem(key)) ?? {};
    } catch {
      return {};
    }
  },
  write(key, draft) {
    try {
      if (draft.text || draft.files?.length) localStorage.setItem(key, JSON.stringify(draft));
      else localStorage.removeItem(key);
    } catch {
      // Storage is full or forbidden: the draft then lives as long as the page.
    }
  },
};

function restoreDraft() {
  if (!form()) return;
  const { files = [], ...draft } = store.read(form().dataset.draftKey);
  if (!(draft.text || files.length) || box().value || attached().length || underWay.has(draft.id)) return;
  const questions = document.querySelectorAll('#messages > [data-role="user"] > [data-message-body]');
  const arrived = draft.id && draft.text && questions[questions.length - 1]?.textContent === draft.text;
  if (arrived) return store.write(form().dataset.draftKey, {});
  box().value = draft.text;
  fit();
  if (draft.id) failed = { text: draft.text, id: draft.id, files };
  if (files.length) bring((module, list) => module.restore(files, list));
}

function saveDraft(id) {
  store.write(form().dataset.draftKey, { text: box().value, id, files: attached() });
}

// --- Attachments: their module comes with the first file ------------------------------------------

const chips = () => document.getElementById("composer-attachments");
const attached = () => Array.from(chips().querySelectorAll("[name=attachment]"), (input) => input.value);

/** What brings files, true when all have come. The form counts what is under way: until then its message waits. */
async function bring(files) {
  const [here, list] = [form(), chips()];
  here.dataset.uploading = Number(here.dataset.uploading ?? 0) + 1;
  const come = await import(list.dataset.module)
    .then((module) => files(module, list))
    .catch(() => here.isConnected && complain(here.dataset.unreachable));
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

function fit() {
  const area = box();
  if (!growsByItself) {
    area.style.blockSize = "auto";
    area.style.blockSize = `${area.scrollHeight}px`;
  }
  const limit = Number(form().dataset.maxLength);
  const near = area.value.length > limit * NEAR_LIMIT; // UTF-16 units are never fewer than characters
  const count = document.getElementById("composer-count");
  const length = near ? [...area.value].length : 0;
  count.textContent = near ? `${length.toLocaleString()} / ${limit.toLocaleString()}` : "";
  count.toggleAttribute("data-over", length > limit);
}

function setText(text) {
  box().value = text;
  fit();
}

function complain(sentence) {
  const place = document.getElementById("composer-error");
  place.replaceChildren();
  if (!sentence) return;
  const line = document.createElement("p");
  line.className = "composer-problem";
  line.textContent = sentence;
  place.append(line);
}

document.addEventListener("input", (event) => {
  if (event.target !== box()) return;
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

document.addEventListener("htmx:confirm", (event) => {
  if (event.target !== form()) return;
  const text = box().value;
  const files = attached();
  const waits = form().toggleAttribute("data-send-after", form().hasAttribute("data-uploading"));
  if (sending || waits || !(text.trim() || files.length)) return event.preventDefault();
  const isSame = failed?.text === text && String(failed.files) === String(files);
  const id = isSame ? failed.id : newId();
  form().elements.client_id.value = id;
  form().elements.parent.value = lastShown(); // the question follows what its sender sees
  sending = { text, id, files, nodes: [], chips: [] };
});

document.addEventListener("htmx:beforeSend", (event) => {
  if (event.target !== form() || !sending) return;
  complain("");
  htmx.trigger("#main", "htmx:abort"); // another pane on its way would take what is sent out of sight
  saveDraft(sending.id); // stays until the server has the message
  underWay.add(sending.id);
  if (sending.text.length > Number(form().dataset.maxLength) * 2) return; // will be refused: nothing to show
  sending.chips = [...chips().children];
  sending.nodes = showPending(sending.text, sending.chips);
  setText("");
});

document.addEventListener("htmx:beforeSwap", (event) => {
  const { requestConfig, xhr } = event.detail;
  if (requestConfig?.elt !== form() || !sending) return;
  if (xhr.status === 422) {
    event.detail.target = document.getElementById("composer-error");
    event.detail.swapOverride = "innerHTML";
  } else if (event.detail.shouldSwap) {
    removePending();
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
  if (!isStored) return restoreDraft(); // if it is this pane's
  if (store.read(sender.dataset.draftKey).id === id) store.write(sender.dataset.draftKey, {});
  const answer = new DOMParser().parseFromString(detail.xhr.response, "text/html");
  const entry = answer.querySelector("#conversations-today > li");
  if (!entry) return;
  entry.querySelector("[aria-current]")?.removeAttribute("aria-current");
  document.getElementById(entry.id)?.remove();
  document.getElementById("conversations-today").prepend(entry);
  htmx.process(entry);
}

function lastShown() {
  const shown = document.querySelectorAll("#messages > [data-message-id]");
  return shown[shown.length - 1]?.dataset.messageId ?? "";
}

function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // randomUUID is missing outside of HTTPS
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function showPending(text, files) {
  const copy = document.getElementById("pending-message").content.cloneNode(true);
  copy.querySelector('[data-role="user"] > [data-message-body]').textContent = text;
  const list = Object.assign(document.createElement("ul"), { className: "attachments" });
  list.append(...files);
  copy.querySelector('[data-role="user"] > [data-message-body]').before(list);
  const waits = form().hasAttribute("data-answering"); // then there is no answer to it yet
  const nodes = waits ? [copy.firstElementChild] : [...copy.children];
  document.getElementById(waits ? "waiting" : "messages").append(...nodes);
  document.getElementById("welcome")?.toggleAttribute("hidden", true);
  document.dispatchEvent(new CustomEvent("reading:end"));
  return nodes;
}

function removePending() {
  for (const node of sending.nodes) node.remove();
}

function sent() {
  const key = form().dataset.draftKey;
  if (store.read(key).id === sending.id) store.write(key, {});
  sending = failed = null;
  document.getElementById("welcome")?.remove();
  form().dataset.draftKey = form().dataset.conversationDraftKey;
  if (box().value || attached().length) saveDraft();
  look();
}

function giveBack(status) {
  removePending();
  document.getElementById("welcome")?.removeAttribute("hidden");
  failed = { text: sending.text, id: sending.id, files: sending.files };
  chips().prepend(...sending.chips);
  const typedSince = sending.nodes.length ? box().value : "";
  setText(typedSince ? `${sending.text}\n${typedSince}` : sending.text);
  if (status !== 422) complain(status === 0 ? form().dataset.unreachable : form().dataset.failed);
  sending = null;
  saveDraft(failed.id);
  box().focus();
  look();
}

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
  try {
    const response = await fetch(`${form().action}${answer.dataset.messageId}/stop/`, {
      method: "POST",
      headers: { "X-CSRFToken": form().elements.csrfmiddlewaretoken.value, "HX-Request": "true" },
    });
    if (!response.ok) throw new Error(String(response.status));
  } catch {
    if (answer.isConnected) complain(form().dataset.unreachable);
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
  tree ??= import(form().dataset.treeModule).then(() => (treeIsThere = true));
  const fail = () => {
    tree = null;
    if (form()) complain(form().dataset.unreachable);
  };
  tree.then(() => event.detail.issueRequest(true), fail);
});

// --- The pane comes and goes ----------------------------------------------------------------------

function begin() {
  if (!form()) return;
  form().addEventListener("htmx:beforeOnLoad", leftBehind);
  form().addEventListener("htmx:sendError", ({ target }) => {
    underWay.clear();
    if (!target.isConnected) restoreDraft();
  });
  document.getElementById("composer-files").removeAttribute("name"); // its files are uploaded at once
  look();
  setTimeout(settle);
}

/** What needs the disk and a layout is a task of its own: the page comes in short ones. */
function settle() {
  if (!form()) return;
  restoreDraft();
  if (matchMedia("(hover: hover) and (width >= 60rem)").matches) box().focus({ preventScroll: true });
}

for (const name of ["answer:status", "messages:refreshed", "htmx:afterSwap", "htmx:oobAfterSwap"]) {
  document.addEventListener(name, (event) => {
    if (name !== "htmx:afterSwap" || event.detail.elt?.closest("#messages")) look();
  });
}
document.addEventListener("htmx:load", (event) => {
  if (event.detail.elt.id === "conversation") {
    sending = failed = null;
    begin();
  }
});
begin();
