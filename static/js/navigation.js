/**
 * Going from one conversation to another: what was clicked is marked at once, and a thin bar shows when it takes long.
 * One address is one entry of the browser's history.
 *
 * Event on the document: "navigation:changed", when #sidebar has another data-going (the id of what comes, or "").
 */

const SLOW_MS = 200;
const sidebar = document.getElementById("sidebar");
const main = document.getElementById("main");
let going = null; // the request of the pane that comes
let timer = null;

document.addEventListener("htmx:beforeSend", ({ detail: { xhr, target, requestConfig } }) => {
  if (target.id !== "conversation" || requestConfig.verb !== "get" || requestConfig.elt.closest("#conversation > *, .share-button")) return;
  begin(xhr, requestConfig.path);
  xhr.addEventListener("loadend", () => xhr === going && end());
});

function begin(xhr, path) {
  clearTimeout(timer);
  going = xhr;
  sidebar.dataset.going = /\/c\/([0-9a-f-]{36})\//.exec(path)?.[1] ?? "";
  main.ariaBusy = "true";
  timer = setTimeout(() => sidebar.toggleAttribute("data-slow", true), SLOW_MS);
  tell();
}

/** It is there, or did not come: then what is open is marked again, and a notice says why. */
function end() {
  clearTimeout(timer);
  going = null;
  delete sidebar.dataset.going;
  delete sidebar.dataset.slow;
  main.ariaBusy = null;
  tell();
}

const tell = () => document.dispatchEvent(new CustomEvent("navigation:changed"));

document.addEventListener("htmx:beforeHistoryUpdate", ({ detail: { history } }) => {
  const { pathname, search } = new URL(history.path, location);
  if (pathname === location.pathname && search === location.search) history.type = "replace";
});
