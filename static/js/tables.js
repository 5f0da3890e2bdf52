/** A table of an answer as CSV (RFC 4180), to copy or to download. Loaded on first use. */

import { formula } from "./copying.js";

const NUMBER = /^[-+]?(\d+(,\d{3})*(\.\d+)?|\.\d+)(e[-+]?\d+)?\s?%?$/i;
const FORMULA = /^[=+\-@\t\r]/;
const BYTE_ORDER_MARK = "\ufeff"; // without it, a Korean Excel takes UTF-8 for its own code page

/** What a spreadsheet would compute becomes text; numbers stay numbers. */
function cell(text) {
  const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function csvOf(table) {
  const typed = [...table.querySelectorAll("math")].map((math) => [math, new Text(formula(math).trim())]);
  for (const [math, text] of typed) math.replaceWith(text); // a fraction would be but its letters
  const folded = [...table.querySelectorAll("details:not([open])")];
  for (const one of folded) one.open = true; // what is not shown has no innerText
  const rows = [...table.rows].map((row) => [...row.cells].map((one) => cell(one.innerText.trim())).join(","));
  for (const one of folded) one.open = false;
  for (const [math, text] of typed) text.replaceWith(math);
  return rows.map((row) => `${row}\r\n`).join("");
}

function download(csv) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([BYTE_ORDER_MARK, csv], { type: "text/csv;charset=utf-8" }));
  link.download = "table.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** For a button that stands after its table. */
export async function take(button, copy) {
  let place = button;
  while (!place.matches(".table")) place = place.previousElementSibling;
  const csv = csvOf(place.querySelector("table"));
  if (button.dataset.csv === "download") download(csv);
  else await copy(csv);
}
