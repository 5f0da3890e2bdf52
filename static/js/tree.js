/**
 * The tree of messages: wording a question anew, walking between versions, taking back what waits.
 *
 * Fetched by composer.js when something with data-tree is first used.
 */

const box = () => document.getElementById("composer-text");
const scroller = () => document.getElementById("reading");
const controlOf = (event) => event.detail.requestConfig?.elt;
const isWalk = (control) => control?.matches('[data-tree="previous"], [data-tree="next"]');

// --- Wording a question anew ----------------------------------------------------------------------

document.addEventListener("htmx:load", (event) => {
  if (!event.detail.elt.matches?.("form.edit")) return;
  const text = event.detail.elt.elements.text;
  text.focus();
  text.setSelectionRange(text.value.length, text.value.length);
});

function cancel(form) {
  const message = form.closest("article");
  form.remove();
  message.querySelector('[data-tree="edit"]').focus();
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-edit-cancel]")) cancel(event.target.closest("form"));
});

// Before the others hear of the key: Escape stops an answer too.
document.addEventListener(
  "keydown",
  (event) => {
    const form = event.target.closest?.("form.edit");
    if (!form || event.isComposing || event.keyCode === 229) return;
    if (event.key !== "Escape") return;
    cancel(form);
    event.preventDefault();
  },
  true,
);

// --- Walking between versions ---------------------------------------------------------------------

let walk = null; // {direction, id, top}: which arrow was pressed, where it leads, where it stood on the screen

document.addEventListener("htmx:beforeSwap", (event) => {
  const control = controlOf(event);
  if (!isWalk(control) || event.detail.xhr.status !== 200) return;
  const [, id] = /\/messages\/(\d+)\//.exec(event.detail.requestConfig.path);
  walk = { direction: control.dataset.tree, id, top: control.getBoundingClientRect().top };
  document.dispatchEvent(new CustomEvent("reading:stay"));
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (!walk || !isWalk(controlOf(event))) return;
  const { direction, id, top } = walk;
  walk = null;
  const arrows = [...document.querySelectorAll(`#message-${id} :is([data-tree="previous"], [data-tree="next"]):enabled`)];
  const arrow = arrows.find((one) => one.dataset.tree === direction) ?? arrows[0];
  if (!arrow) return scroller().focus({ preventScroll: true });
  arrow.focus({ preventScroll: true });
  scroller().scrollTop += arrow.getBoundingClientRect().top - top;
});

// --- Taking back what waits -----------------------------------------------------------------------

document.addEventListener("htmx:beforeSwap", (event) => {
  const control = controlOf(event);
  if (!control?.matches('[data-tree="take-back"]') || event.detail.xhr.status !== 200) return;
  const text = control.closest("li").querySelector("[data-waiting-text]").textContent;
  box().value = [text, box().value].filter(Boolean).join("\n");
  box().dispatchEvent(new Event("input", { bubbles: true }));
  const files = control.closest("li").dataset.files.match(/\S+/g);
  if (files) document.dispatchEvent(new CustomEvent("attachments:restore", { detail: files }));
  box().focus();
});
