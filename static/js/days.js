/** The reader's time zone, told to the server, and what stands under "Today" and "Yesterday". Loaded when either changed. */

/** The server's pages are in this zone from now on; the list of this one too. */
export function tellZone(timeZone) {
  const isTold = () => document.cookie.split("; ").includes(`timezone=${timeZone}`);
  if (isTold()) return;
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `timezone=${timeZone}; path=/; max-age=31536000; samesite=lax${secure}`;
  if (isTold() && document.querySelector("#conversations [data-group] li")) void regroup();
}

/**
 * What stands under another date than it should goes to the right one: the day has changed, or the first page of a
 * device came before its server knew the zone. True if the server was reached.
 */
export async function regroup() {
  const { whole } = document.getElementById("conversations").dataset;
  const response = await fetch(whole, { headers: { "HX-Request": "true" } }).catch(() => null); // the next page has it right
  if (!response?.ok) return false;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const list of fresh.querySelectorAll("[data-group] > ol")) {
    const entries = [...list.children].map(({ id }) => document.getElementById(id)).filter(Boolean);
    const shown = document.getElementById(list.id);
    if (shown && entries.some((entry, place) => shown.children[place] !== entry)) shown.prepend(...entries);
  }
  return true;
}
