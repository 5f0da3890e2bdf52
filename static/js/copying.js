/** More about an answer: the panel at its button, and its text in other forms. Loaded on first use. */

/** Throws when the server cannot be reached. */
async function markdownAt(url) {
  const response = await fetch(url);
  if (!response.ok || response.redirected) throw new Error(String(response.status));
  return response.text();
}

/** The HTML of an answer without the product's own parts, and without the classes that only this page knows. */
function htmlOf(body) {
  const copy = body.cloneNode(true);
  for (const own of copy.querySelectorAll("[data-app-ui], figcaption, annotation")) own.remove();
  for (const element of copy.querySelectorAll("[class], [tabindex], [id]")) {
    for (const name of ["class", "tabindex", "id"]) element.removeAttribute(name);
  }
  for (const wrapper of copy.querySelectorAll("figure, pre span")) wrapper.replaceWith(...wrapper.childNodes);
  return copy.innerHTML;
}

async function copyRich(html, text) {
  const typed = (content, type) => new Blob([content], { type });
  try {
    const item = { "text/html": typed(html, "text/html"), "text/plain": typed(text, "text/plain") };
    await navigator.clipboard.write([new ClipboardItem(item)]);
  } catch {
    copyByHand(html, text); // the clipboard's own interface needs HTTPS
  }
}

function copyByHand(html, text) {
  const fill = (event) => {
    event.preventDefault();
    event.clipboardData.setData("text/html", html);
    event.clipboardData.setData("text/plain", text);
  };
  document.addEventListener("copy", fill, { once: true });
  document.execCommand("copy");
  document.removeEventListener("copy", fill);
}

export async function copyAs(button, copy, plainText) {
  if (button.dataset.source) return copy(await markdownAt(button.dataset.source));
  const body = document.getElementById(button.dataset.body);
  return copyRich(htmlOf(body), plainText(body));
}

/** Beside `button`, as far as the window has room for it; at its end the focus is on `button` again. */
export async function showPanel(button) {
  const panel = document.getElementById("answer-panel");
  await (await import(document.getElementById("aids").dataset.palette)).styled;
  if (!button?.isConnected) return;
  button.focus({ preventScroll: true });
  panel.showPopover();
  const place = button.getBoundingClientRect();
  const within = (wish, most) => `${Math.max(12, Math.min(wish, most))}px`;
  const top = within(place.top - panel.offsetHeight - 8, innerHeight - panel.offsetHeight - 12);
  panel.style.inset = `${top} auto auto ${within(place.left, innerWidth - panel.offsetWidth - 12)}`;
}
