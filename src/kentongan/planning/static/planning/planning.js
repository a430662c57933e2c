// Writing: an instant count while typing (HTMX brings the server's own count and the preview right after), more fact
// lines, copying the master text. Without script every form still works: the server counts when it is sent.
(() => {
  const graphemes = "Segmenter" in Intl
    ? (text) => [...new Intl.Segmenter(document.documentElement.lang, { granularity: "grapheme" }).segment(text)].length
    : (text) => [...text].length;
  const rules = {
    graphemes,
    characters: (text) => text.length,
    weighted: graphemes,
    words: (text) => (text.match(/[\p{L}\p{N}][\p{L}\p{N}\p{M}'’-]*/gu) || []).length,
  };
  document.addEventListener("input", (event) => {
    const text = event.target.closest("[data-count]");
    const used = text && document.getElementById(`counted-${text.dataset.count}`).querySelector("[data-used]");
    if (!used) return;
    const count = (rules[text.dataset.counting] || graphemes)(text.value.trim());
    used.textContent = text.dataset.limit ? `≈ ${count} / ${text.dataset.limit}` : `≈ ${count}`;
  });

  for (const button of document.querySelectorAll("[data-copy-from]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const to = document.getElementById(button.dataset.copyTo);
      to.value = document.getElementById(button.dataset.copyFrom).value;
      to.dispatchEvent(new Event("input", { bubbles: true }));
      to.focus();
    });
  }

  for (const set of document.querySelectorAll("[data-formset]")) {
    const add = set.querySelector("[data-add]");
    const total = set.querySelector(`[name="${set.dataset.formset}-TOTAL_FORMS"]`);
    const most = Number(set.querySelector(`[name="${set.dataset.formset}-MAX_NUM_FORMS"]`).value);
    add.hidden = false;
    add.addEventListener("click", () => {
      const number = Number(total.value);
      if (number >= most) return;
      const html = set.querySelector("[data-empty]").innerHTML.replaceAll("__prefix__", number);
      set.querySelector("[data-forms]").insertAdjacentHTML("beforeend", html);
      total.value = number + 1;
      set.querySelector("[data-forms] > :last-child textarea").focus();
      add.hidden = number + 1 >= most;
    });
  }
})();
