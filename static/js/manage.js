// Choosing several conversations: all of the page, or a range with Shift. Without this script each box by itself.
const list = document.getElementById("manage");
const boxes = [...(list?.querySelectorAll('input[name="conversation"]') ?? [])];
const all = document.getElementById("choose-all");
const count = document.getElementById("chosen");
let last = null; // where a range begins

function look() {
  const chosen = boxes.filter((box) => box.checked).length;
  all.checked = chosen === boxes.length;
  all.indeterminate = chosen > 0 && !all.checked;
  count.textContent = chosen ? `${count.dataset.label}: ${chosen}` : "";
}

function choose(some, checked) {
  for (const box of some) box.checked = checked;
}

list?.addEventListener("click", (event) => {
  const box = event.target;
  if (box === all) choose(boxes, all.checked);
  const place = boxes.indexOf(box);
  if (place >= 0) {
    const from = event.shiftKey && last !== null ? last : place;
    choose(boxes.slice(Math.min(from, place), Math.max(from, place) + 1), box.checked);
    last = place;
  }
  look();
});

if (list) {
  all.closest("label").hidden = false;
  addEventListener("pageshow", look); // boxes that the browser has kept
  look();
}
