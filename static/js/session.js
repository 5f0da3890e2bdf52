/**
 * Whose page this is, which every command says: commands whose token has become too old are sent once more with a fresh
 * one, and where the session has ended, or is somebody else's now, the page leaves. What is asked for while the computer is offline is
 * asked when the line is back.
 *
 * Event on the document before it leaves: "session:leaving".
 */

const REFUSED = "X-CSRF-Refused"; // see chatbot_site.csrf
const plainFetch = window.fetch.bind(window);
const page = document.body;
const isCommand = (method) => !/^(get|head)$/i.test(method);

let renewing = null;

/** A fresh token, which the page's forms have then too; null when the page leaves. Rejects when nobody answers. */
export function renew() {
  renewing ??= askForToken().finally(() => {
    renewing = null;
  });
  return renewing;
}

async function askForToken() {
  const headers = { "HX-Request": "true", "HX-Current-URL": location.href };
  const response = await plainFetch(page.dataset.sessionUrl, { headers, signal: AbortSignal.timeout(15_000) });
  const login = response.headers.get("HX-Redirect");
  if (login) return leave(login);
  if (!response.ok) throw new Error(String(response.status));
  const { person, token } = await response.json();
  if (person !== page.dataset.person) return leave("/");
  for (const input of document.querySelectorAll("[name=csrfmiddlewaretoken]")) input.value = token;
  page.setAttribute("hx-headers", JSON.stringify({ ...JSON.parse(page.getAttribute("hx-headers")), "X-CSRFToken": token }));
  return token;
}

export function leave(url) {
  document.dispatchEvent(new CustomEvent("session:leaving"));
  location.assign(url);
  return null;
}

function withToken(body, token) {
  if (body instanceof FormData && body.has("csrfmiddlewaretoken")) body.set("csrfmiddlewaretoken", token);
  if (typeof body !== "string" || !body.includes("csrfmiddlewaretoken=")) return body;
  const fields = new URLSearchParams(body);
  fields.set("csrfmiddlewaretoken", token);
  return fields.toString();
}

/** Behaves to whoever uses it as if the first try, and the waiting while offline, had not been. */
class PatientRequest extends XMLHttpRequest {
  #opened = [];
  #headers = [];
  #body = null;
  #isSecond = false;
  #isHeld = false; // not under way: waits for the line, or for a token
  #goOn = () => this.#isHeld && this.#go();

  constructor() {
    super();
    for (const type of ["readystatechange", "load", "loadend"]) this.addEventListener(type, (event) => this.#hear(event));
  }

  open(...opened) {
    this.#opened = opened;
    this.#headers = [];
    this.#isSecond = false;
    super.open(...opened);
    this.#sign();
  }

  #sign() {
    if (isCommand(this.#opened[0])) super.setRequestHeader("X-Person", page.dataset.person);
  }

  setRequestHeader(name, value) {
    this.#headers.push([name, value]);
    super.setRequestHeader(name, value);
  }

  send(body = null) {
    this.#body = body;
    this.#isHeld = !navigator.onLine && isCommand(this.#opened[0]);
    if (this.#isHeld) addEventListener("online", this.#goOn, { once: true });
    else super.send(body);
  }

  abort() {
    const wasHeld = this.#isHeld;
    this.#isHeld = false;
    super.abort();
    if (wasHeld) for (const type of ["abort", "loadend"]) this.dispatchEvent(new ProgressEvent(type));
  }

  #go() {
    this.#isHeld = false;
    super.send(this.#body);
  }

  #hear(event) {
    const isDone = this.readyState === XMLHttpRequest.DONE;
    if (!event.isTrusted || !isDone || this.#isSecond || this.status !== 403 || !this.getResponseHeader(REFUSED)) return;
    event.stopImmediatePropagation();
    if (event.type === "loadend") void this.#again();
  }

  async #again() {
    this.#isSecond = this.#isHeld = true;
    const token = await renew().catch(() => "");
    if (!this.#isHeld || token === null) return; // given up meanwhile, or the page leaves
    if (!token) {
      this.#isHeld = false;
      for (const type of ["load", "loadend"]) this.dispatchEvent(new ProgressEvent(type));
      return;
    }
    super.open(...this.#opened);
    this.#sign();
    for (const [name, value] of this.#headers) super.setRequestHeader(name, name === "X-CSRFToken" ? token : value);
    this.#body = withToken(this.#body, token);
    this.#go();
  }
}
window.XMLHttpRequest = PatientRequest;

window.fetch = async (resource, options = {}) => {
  if (!isCommand(options.method ?? "GET")) return plainFetch(resource, options);
  const headers = { ...options.headers, "X-Person": page.dataset.person };
  const response = await plainFetch(resource, { ...options, headers });
  if (response.status !== 403 || !response.headers.has(REFUSED)) return response;
  const token = await renew().catch(() => null);
  return token ? plainFetch(resource, { ...options, headers: { ...headers, "X-CSRFToken": token } }) : response;
};
