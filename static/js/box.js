/** The message box on the page: its parts, its size, its text, and what is said above it. */

const NEAR_LIMIT = 0.9;
const growsByItself = CSS.supports("field-sizing", "content");

export const form = () => document.getElementById("composer");
export const box = () => document.getElementById("composer-text");
export const chips = () => document.getElementById("composer-attachments");
export const attached = () => Array.from(chips().querySelectorAll("[name=attachment]"), (input) => input.value);

export function fit() {
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

export function setText(text) {
  box().value = text;
  fit();
}

export function complain(sentence, what = "") {
  const place = document.getElementById("composer-error");
  place.replaceChildren();
  if (!sentence) return;
  const line = document.createElement("p");
  line.className = "composer-problem";
  if (what) line.setAttribute(`data-${what}`, "");
  line.textContent = sentence;
  place.append(line);
}

export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // randomUUID is missing outside of HTTPS
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
