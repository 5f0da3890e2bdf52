// The queue and the case by keyboard. Everything here can be done by links, boxes and buttons too.
const OFF = "moderation-keys-off"; // in this browser's storage when somebody wants no single-letter keys
const queue = document.querySelector("[data-queue]");
const help = document.querySelector("[data-keys-help]");
const keySwitch = help?.querySelector("[data-keys-switch]");

const isTyping = (element) => element.matches("input:not([type=checkbox]), select, textarea, [contenteditable]");

// --- The queue ------------------------------------------------------------------------------------

const links = [...(queue?.querySelectorAll(".case-link") ?? [])];
const boxes = [...(queue?.querySelectorAll('input[name="case"]') ?? [])];
const all = queue?.querySelector("[data-choose-all]");
const count = queue?.querySelector("[data-chosen]");

function current() {
  const row = document.activeElement?.closest(".case-row");
  return row ? links.findIndex((link) => row.contains(link)) : -1;
}

function step(direction) {
  const at = current();
  const next = at < 0 ? (direction > 0 ? 0 : links.length - 1) : at + direction;
  links[next]?.focus();
}

function choose() {
  const box = links[current()]?.closest(".case-row").querySelector('input[name="case"]');
  if (!box) return;
  box.checked = !box.checked;
  look();
}

function look() {
  if (!all) return;
  const chosen = boxes.filter((box) => box.checked).length;
  all.checked = chosen > 0 && chosen === boxes.length;
  all.indeterminate = chosen > 0 && !all.checked;
  count.textContent = chosen ? `${count.dataset.label}: ${chosen}` : "";
}

if (all) {
  all.closest("label").hidden = false;
  queue.addEventListener("change", (event) => {
    if (event.target === all) for (const box of boxes) box.checked = all.checked;
    look();
  });
  addEventListener("pageshow", look); // boxes that the browser has kept
}

// --- The case -------------------------------------------------------------------------------------

/** A summary opens its form and goes to the text; a button or a link does what it does. */
function use(control) {
  if (control.localName !== "summary") return control.click();
  control.parentElement.open = true;
  control.parentElement.querySelector("textarea").focus();
}

// --- Keys -----------------------------------------------------------------------------------------

const QUEUE_KEYS = { j: () => step(1), k: () => step(-1), x: choose };

function showHelp() {
  help.open = !help.open;
  help.querySelector("summary").focus();
}

function act(key) {
  if (key === "?") return help && showHelp();
  if (queue && Object.hasOwn(QUEUE_KEYS, key)) return QUEUE_KEYS[key]();
  const control = /^[a-z]$/.test(key) && document.querySelector(`[data-key="${key}"]`);
  if (control) use(control);
}

// A letter acts once however long it is held, and never while one writes or with a modifier.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
  if (isTyping(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.key !== "?" && localStorage.getItem(OFF)) return;
  if (event.repeat && !"jk".includes(event.key)) return;
  const key = letterOf(event);
  const isOurs = key === "?" || (queue && Object.hasOwn(QUEUE_KEYS, key)) || document.querySelector(`[data-key="${key}"]`);
  if (!isOurs) return;
  event.preventDefault();
  act(key);
});

/** The Latin letter of the key, also while the keyboard writes Hangul. */
function letterOf(event) {
  const letter = /^Key([A-Z])$/.exec(event.code);
  if (letter && !event.shiftKey && !/^[a-z]$/i.test(event.key)) return letter[1].toLowerCase();
  return /^[a-z?]$/.test(event.key) ? event.key : "";
}

if (keySwitch) {
  keySwitch.closest("label").hidden = false;
  keySwitch.checked = !localStorage.getItem(OFF);
  keySwitch.addEventListener("change", () => {
    if (keySwitch.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  });
}
