/** What the shortcuts do; also the buttons and entries with data-action. Loaded on first use. */

const aids = document.getElementById("aids");
const view = () => document.getElementById("reading");
const palette = () => import(aids.dataset.palette);
const last = (role) => [...document.querySelectorAll(`#messages > [data-role="${role}"]`)].at(-1);
const wide = matchMedia("(width >= 60rem)");

const ACTIONS = {
  palette: async () => (await palette()).openPalette(),
  overview: async () => (await palette()).openOverview(),
  search: () => (aids.dataset.searchUrl ? location.assign(aids.dataset.searchUrl) : ACTIONS.palette()),
  "new-chat": () => document.querySelector(".new-chat").click(),
  sidebar: toggleSidebar,
  message: () => document.getElementById("composer-text")?.focus(),
  "previous-question": () => step(-1),
  "next-question": () => step(1),
  copy: () => last("assistant")?.querySelector("[data-copy]")?.click(),
  regenerate: () => last("assistant")?.querySelector('[formaction$="/regenerate/"]')?.click(),
  edit: () => last("user")?.querySelector('[hx-get$="/edit/"], [href$="/edit/"]')?.click(),
};

export function run(action) {
  return ACTIONS[action]?.();
}

// --- The list -------------------------------------------------------------------------------------

const shell = document.querySelector(".shell");
const sidebar = document.getElementById("sidebar");

function toggleSidebar() {
  if (!wide.matches) return sidebar.togglePopover();
  const hadFocus = sidebar.contains(document.activeElement);
  const isAway = shell.toggleAttribute("data-alone");
  if (isAway && hadFocus) document.querySelector(".sidebar-open").focus();
}

// While the list is away on a wide screen, its button brings it back to its place instead of over the page.
document.addEventListener(
  "click",
  (event) => {
    if (!shell.hasAttribute("data-alone") || !wide.matches || !event.target.closest(".sidebar-open")) return;
    event.preventDefault();
    toggleSidebar();
    sidebar.querySelector("a, button").focus();
  },
  { capture: true },
);
wide.addEventListener("change", () => shell.removeAttribute("data-alone"));

// --- From question to question --------------------------------------------------------------------

let lately = null; // the question that one went to last

/** The question before or after the one that one is at, or else before or after the place that is being read. */
function step(direction) {
  const questions = [...document.querySelectorAll('#messages > [data-role="user"]')];
  const at = questions.indexOf(document.activeElement?.closest('[data-role="user"]') ?? lately);
  const next = at >= 0 && isSeen(questions[at]) ? at + direction : fromHere(questions, direction);
  if (questions[next]) return goTo(questions[next]);
  if (direction > 0) document.getElementById("jump").click();
  else view()?.scrollTo({ top: 0 }); // where the earlier messages begin to load
}

function isSeen(question) {
  const { top, bottom } = question.getBoundingClientRect();
  const place = view().getBoundingClientRect();
  return bottom > place.top && top < place.bottom;
}

/** Up from the very end comes the last question. By halves: with thousands of questions few of them are measured. */
function fromHere(questions, direction) {
  const { scrollHeight, scrollTop, clientHeight } = view();
  const { top: place, bottom } = view().getBoundingClientRect();
  const isAtEnd = scrollHeight - scrollTop - clientHeight < 8;
  const edge = (direction < 0 && isAtEnd ? bottom : place) - 4;
  let low = 0;
  let high = questions.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (questions[middle].getBoundingClientRect().top < edge) low = middle + 1;
    else high = middle;
  }
  if (direction < 0) return low - 1;
  const isHere = questions[low] && questions[low].getBoundingClientRect().top <= place + 4;
  return isHere ? low + 1 : low;
}

function goTo(question) {
  lately = question;
  question.tabIndex = -1;
  question.focus({ preventScroll: true });
  question.scrollIntoView({ block: "start" });
}
