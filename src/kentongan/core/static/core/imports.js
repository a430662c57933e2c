// Dropping a file on the field: the browser's own file input does the rest, so without this script nothing is lost.
const field = document.querySelector("[data-drop]");
if (field) {
  const input = field.querySelector("input[type=file]");
  const name = field.querySelector("[data-drop-name]");
  const show = () => {
    name.textContent = input.files.length ? input.files[0].name : "";
  };
  const over = (event) => {
    event.preventDefault();
    field.classList.toggle("is-over", event.type === "dragover");
  };
  field.addEventListener("dragover", over);
  field.addEventListener("dragleave", over);
  field.addEventListener("drop", (event) => {
    over(event);
    if (event.dataTransfer.files.length) {
      input.files = event.dataTransfer.files;
      show();
    }
  });
  input.addEventListener("change", show);
}
