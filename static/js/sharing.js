/** Links to share: a press copies one, and its address is selected when it gets the focus. */

document.addEventListener("focusin", (event) => {
  if (event.target.matches(".share-address")) event.target.select();
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy-link]");
  if (!button) return;
  const address = button.closest(".share-link").querySelector(".share-address");
  try {
    await navigator.clipboard.writeText(address.value);
  } catch {
    address.select(); // the clipboard's own interface needs HTTPS
    document.execCommand("copy");
    button.focus();
  }
  const status = document.getElementById("share-status");
  status.textContent = "";
  requestAnimationFrame(() => (status.textContent = status.dataset.copied)); // read out the second time too
});
