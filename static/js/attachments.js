/**
 * Files for the next message: uploaded at once, one after another, and shown as chips in the message box.
 *
 * Loaded with the first file (see composer.js). Tells "attachments:changed" on the list of chips.
 */

const BUSY = 503; // other images are being read: the same file is sent again
const TRIES = 8;

const form = () => document.getElementById("composer");
const chips = () => document.getElementById("composer-attachments");

const queue = []; // {file, list, done}: what is to be uploaded, and the list of chips that it was meant for
const expected = (list) => queue.filter((entry) => entry.list === list).length;

/** Take these files into that list; true when all of them are there. */
export async function add(files, list) {
  if (!list.isConnected) return false;
  document.getElementById("composer-error").replaceChildren();
  const fitting = thatFit(files, list);
  const isIdle = !queue.length;
  const uploads = fitting.map((file) => new Promise((done) => queue.push({ file, list, done })));
  if (isIdle) work();
  const there = await Promise.all(uploads);
  return fitting.length === files.length && there.every(Boolean);
}

function thatFit(files, list) {
  const small = files.filter((file) => file.size <= Number(list.dataset.maxBytes));
  for (const file of files) if (!small.includes(file)) complain(about(list.dataset.tooLarge, file));
  const room = Math.max(0, Number(list.dataset.limit) - list.children.length - expected(list));
  if (small.length > room) complain(list.dataset.tooMany);
  return small.slice(0, room);
}

/** Show the attachments of a draft again, true unless they cannot be fetched; those that are gone are left out. */
export async function restore(ids, list) {
  const query = new URLSearchParams(ids.map((id) => ["id", id]));
  try {
    const response = await fetch(`${list.dataset.url}?${query}`, { headers: { "HX-Request": "true" } });
    if (response.ok && !response.redirected) return show(list, await response.text());
  } catch {
    // No connection: the text is there, and the draft still names the files.
  }
  const { dataset } = list.closest("form");
  if (list.isConnected && "sendAfter" in dataset) complain(dataset.unreachable);
  return false;
}

/** Uploads what is queued, one after another, also for a pane that comes meanwhile. */
async function work() {
  while (queue.length) {
    const { file, list, done } = queue[0];
    const isThere = list.isConnected && (await upload(file, list));
    queue.shift();
    if (list.isConnected && !expected(list)) progress("", null);
    done(isThere);
  }
}

/** True when the file is there as a chip. */
async function upload(file, list) {
  const shown = about(list.dataset.uploading, file);
  progress(shown, 0);
  const onProgress = (share) => list.isConnected && progress(shown, share);
  let answer = await post(file, list.dataset.url, onProgress);
  for (let tries = 1; answer?.status === BUSY && tries < TRIES && list.isConnected; tries += 1) {
    await new Promise((done) => setTimeout(done, waitOf(answer)));
    answer = await post(file, list.dataset.url, onProgress);
  }
  const login = answer?.getResponseHeader("HX-Redirect");
  if (login) location.assign(login);
  if (!answer || login || ![200, 422, BUSY].includes(answer.status)) {
    complain(about(list.dataset.failed, file));
    return false;
  }
  return show(list, answer.responseText);
}

/** As long as the answer asks for, and somewhat longer, so that not all come back at once. */
const waitOf = (answer) => (Number(answer.getResponseHeader("Retry-After")) || 2) * 1000 * (1 + Math.random());

/** fetch cannot tell how much is uploaded. Gives the request when it has ended, null when it never arrived. */
function post(file, url, onProgress) {
  return new Promise((done) => {
    const data = new FormData();
    data.append("file", file);
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("X-CSRFToken", form().elements.csrfmiddlewaretoken.value);
    request.setRequestHeader("HX-Request", "true");
    request.upload.addEventListener("progress", (event) => onProgress(event.loaded / event.total));
    request.addEventListener("load", () => done(request));
    for (const name of ["error", "abort"]) request.addEventListener(name, () => done(null));
    request.send(data);
  });
}

/** Puts the chips of an answer into the list, and its problems above the box; true when there were none. */
function show(list, html) {
  const answer = new DOMParser().parseFromString(html, "text/html");
  const idOf = (chip) => chip.querySelector("[name=attachment]").value;
  const shown = new Set(Array.from(list.children, idOf));
  list.append(...[...answer.querySelectorAll("li.chip")].filter((chip) => !shown.has(idOf(chip))));
  const problems = [...answer.querySelectorAll(".composer-problem")];
  for (const problem of problems) complain(problem.textContent);
  changed(list);
  return problems.length === 0;
}

function changed(list) {
  list.dispatchEvent(new CustomEvent("attachments:changed", { bubbles: true }));
}

function about(sentence, file) {
  return sentence.replace("{}", () => file.name);
}

function complain(sentence) {
  const line = document.createElement("p");
  line.className = "composer-problem";
  line.textContent = sentence;
  document.getElementById("composer-error")?.append(line);
}

/** The line above the text: what is uploaded, in words said once, and how much of it. */
function progress(text, share) {
  const line = document.getElementById("composer-upload");
  if (!line) return;
  const [words, bar] = line.children;
  if (words.textContent !== text) words.textContent = text;
  bar.hidden = share === null;
  bar.value = share ?? 0;
}

// Taking a file back: the chip goes at once, and the focus stays in the message box.
document.addEventListener("click", (event) => {
  const button = event.target.closest("#composer-attachments [data-remove]");
  if (!button) return;
  event.preventDefault();
  const list = chips();
  const chip = button.closest("li");
  const next = (chip.nextElementSibling ?? chip.previousElementSibling)?.querySelector("[data-remove]");
  chip.remove();
  (next ?? document.getElementById("composer-text")).focus();
  changed(list);
  const headers = { "X-CSRFToken": form().elements.csrfmiddlewaretoken.value, "HX-Request": "true" };
  fetch(button.formAction, { method: "POST", headers }).catch(() => {}); // what nobody sends is forgotten in a day
});
