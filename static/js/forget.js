// Whoever has logged out leaves nothing in this browser that was written and not sent. The cookie names them until
// somebody logs in (accounts.middleware.LoggedOutMiddleware); the mark tells tabs that are still open (box.js).
const person = /(?:^|; )logged_out=(\d+)/.exec(document.cookie)?.[1];
if (person) {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(`draft:${person}:`)) localStorage.removeItem(key);
    localStorage.setItem(`logged-out:${person}`, "true");
    sessionStorage.clear();
  } catch {
    // Storage is forbidden: nothing is there.
  }
}
