/** More about an answer: the panel at its button, and its text with formatting. Loaded on first use. */

const OWN = "[data-app-ui], figcaption, script, style"; // the product's parts of an answer
const KEPT = new Set(["href", "title", "start", "align", "colspan", "rowspan"]);
const WRAPPERS = "figure, section, span, div, details, pre code";
const BLOCKS = new Set("BLOCKQUOTE DETAILS DIV FIGURE H1 H2 H3 H4 H5 H6 HR OL P PRE SECTION SUMMARY TABLE UL".split(" "));

// --- HTML that other programs take ----------------------------------------------------------------

/** The HTML of an answer without the product's own parts, and without what only this page knows. */
function htmlOf(body) {
  const copy = body.cloneNode(true);
  for (const own of copy.querySelectorAll(`${OWN}, .footnote-back`)) own.remove();
  for (const math of copy.querySelectorAll("math")) math.setAttribute("alttext", formula(math).trim());
  for (const block of copy.querySelectorAll("div.formula")) rename(block, "p");
  for (const plain of copy.querySelectorAll("p.plain")) breakLines(plain);
  for (const link of copy.querySelectorAll('a[href^="#"]')) link.replaceWith(...link.childNodes);
  for (const head of copy.querySelectorAll("h3, h4, h5, h6")) rename(head, `h${head.localName[1] - 2}`);
  for (const summary of copy.querySelectorAll("summary")) rename(summary, "p");
  for (const wrapper of copy.querySelectorAll(WRAPPERS)) wrapper.replaceWith(...wrapper.childNodes);
  for (const element of copy.querySelectorAll("*")) {
    if (element.closest("math")) continue;
    for (const { name } of [...element.attributes]) if (!KEPT.has(name)) element.removeAttribute(name);
  }
  for (const element of copy.querySelectorAll("math, math *")) element.removeAttribute("class");
  return copy.innerHTML;
}

function rename(element, name) {
  const made = document.createElement(name);
  made.append(...element.childNodes);
  element.replaceWith(made);
}

function breakLines(plain) {
  plain.innerHTML = plain.innerHTML.replaceAll("\n", "<br>");
}

// --- Text with its marks --------------------------------------------------------------------------

/** What an answer says as plain text: numbers and bullets of lists, addresses of links, cells between tabs. */
export function textOf(body) {
  return blocks(body).join("\n\n");
}

function blocks(parent) {
  const found = [];
  let line = "";
  const end = () => {
    if (line.trim()) found.push(line.trim());
    line = "";
  };
  for (const node of parent.childNodes) {
    if (!BLOCKS.has(node.nodeName)) line += inline(node);
    else if (!node.matches(OWN)) {
      end();
      found.push(...block(node));
    }
  }
  end();
  return found;
}

function block(element) {
  switch (element.localName) {
    case "ul":
    case "ol":
      return [list(element)];
    case "pre":
      return [element.textContent.replace(/\n$/, "")];
    case "table":
      return [[...element.rows].map((row) => [...row.cells].map(cell).join("\t")).join("\n")];
    case "blockquote":
      return [marked(blocks(element).join("\n\n"), "> ", "> ")];
    case "hr":
      return ["---"];
    case "p":
      return element.matches(".plain") ? [element.textContent] : blocks(element);
    default:
      return blocks(element);
  }
}

const cell = (element) => blocks(element).join(" ").replace(/\s+/g, " ");

function list(element) {
  const items = [...element.children].filter((item) => item.localName === "li");
  const isLoose = items.some((item) => item.querySelector(":scope > p"));
  const first = Number(element.getAttribute("start") ?? 1);
  const lines = items.map((item, index) => {
    const mark = element.localName === "ol" ? `${first + index}. ` : "- ";
    return marked(blocks(item).join(isLoose ? "\n\n" : "\n"), mark, " ".repeat(mark.length));
  });
  return lines.join(isLoose ? "\n\n" : "\n");
}

/** `text` with a mark before its first line and another before the others. */
function marked(text, first, others) {
  return text.split("\n").map((line, index) => ((index ? others : first) + line).trimEnd()).join("\n");
}

function inline(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.data.replace(/[ \t\n]+/g, " ");
  if (node.nodeType !== Node.ELEMENT_NODE || node.matches(OWN) || node.matches(".footnote-back")) return "";
  const name = node.localName;
  if (name === "br") return "\n";
  if (name === "math") return formula(node);
  if (name === "code") return node.textContent;
  if (node.matches(".task-box")) return node.textContent.includes("☑") ? "[x]" : "[ ]";
  const text = [...node.childNodes].map(inline).join("");
  if (node.matches("sup.footnote")) return `[${text}]`;
  return name === "a" ? withAddress(node, text) : text;
}

function withAddress(link, text) {
  const href = link.getAttribute("href") ?? "";
  const isSaid = !href || href.startsWith("#") || [text, `https://${text}`, `mailto:${text}`, `${text}/`].includes(href);
  return isSaid || href === encodeURI(text) ? text : `${text} (${href})`;
}

/** A formula in a line, as word processors read it: (a+b)/2, x^2, √(x). */
export function formula(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.data.trim();
  const [first = "", second = "", third = ""] = [...node.children].map(formula);
  const one = (text) => ([...text].length > 1 ? `(${text})` : text);
  switch (node.localName) {
    case "mfrac":
      return `${one(first)}/${one(second)}`;
    case "msqrt":
      return `√(${[...node.children].map(formula).join("")})`;
    case "mroot":
      return `${one(second)}√(${first})`;
    case "msup":
    case "mover":
      return `${first}^${one(second)}`;
    case "msub":
    case "munder":
      return `${first}_${one(second)}`;
    case "msubsup":
    case "munderover":
      return `${first}_${one(second)}^${one(third)}`;
    case "mtable":
      return `[${[...node.children].map((row) => [...row.children].map(formula).join(" ")).join("; ")}]`;
    case "mspace":
      return " ";
    case "mtext":
      return node.textContent;
    default:
      return [...node.childNodes].map(formula).join("");
  }
}

// --- The clipboard --------------------------------------------------------------------------------

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

export function copyFormatted(button) {
  const body = document.getElementById(button.dataset.body);
  return copyRich(htmlOf(body), textOf(body));
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
