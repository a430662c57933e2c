// Moving by hand: what is dragged to another day or hour fills the form at the end of the page, which says the rest.
// Without script, on touch and by keyboard, the form on the page of the post does the same.
(() => {
  let dragged = null;
  const place = (event) => dragged && event.target.closest?.("[data-day]");
  const clear = () => document.querySelectorAll(".cal-over").forEach((cell) => cell.classList.remove("cal-over"));

  document.addEventListener("dragstart", (event) => {
    dragged = event.target.closest?.("[data-source]");
    if (!dragged) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.title);
    dragged.classList.add("cal-dragged");
  });
  document.addEventListener("dragover", (event) => {
    const cell = place(event);
    if (!cell) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "move";
    if (!cell.classList.contains("cal-over")) { clear(); cell.classList.add("cal-over"); }
  });
  document.addEventListener("drop", (event) => {
    const cell = place(event);
    if (!cell) return;
    event.preventDefault();
    const form = document.getElementById("calendar-move");
    const { source, number, seen } = dragged.dataset;
    const wanted = { source, number, seen, day: cell.dataset.day, hour: cell.dataset.hour ?? "" };
    if (cell.contains(dragged)) return;
    for (const [name, value] of Object.entries(wanted)) form.elements[name].value = value;
    form.requestSubmit();
  });
  document.addEventListener("dragend", () => {
    clear();
    dragged?.classList.remove("cal-dragged");
    dragged = null;
  });
})();
