// Tells the server the reader's time zone, where it shows another: dates, and "Today" and "Yesterday", follow it.
const pageZone = document.documentElement.dataset.zone;
const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
const told = () => document.cookie.split("; ").includes(`timezone=${timeZone}`);

if (timeZone && timeZone !== pageZone && !told()) {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `timezone=${timeZone}; path=/; max-age=31536000; samesite=lax${secure}`;
  if (told() && document.querySelector("#conversations [data-group] li")) void regroup();
}

/** The first page of a device came before its server knew: what stands under another date there goes to the right one. */
async function regroup() {
  const { whole } = document.getElementById("conversations").dataset;
  const response = await fetch(whole, { headers: { "HX-Request": "true" } }).catch(() => null); // the next page has it right
  if (!response?.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const list of fresh.querySelectorAll("[data-group] > ol")) {
    const entries = [...list.children].map(({ id }) => document.getElementById(id)).filter(Boolean);
    const shown = document.getElementById(list.id);
    if (shown && entries.some((entry, place) => shown.children[place] !== entry)) shown.prepend(...entries);
  }
}
