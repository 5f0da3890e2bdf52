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
