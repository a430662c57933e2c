// What staff screens need beyond HTMX: dialogs, menus, toasts, focus, the clock, charts on demand. Everything works on
// server-rendered pages; nothing here holds state.
(() => {
  const body = document.body;
  const root = document.documentElement;

  // Dialogs open as popovers without script; with it they are modal, so that focus stays inside.
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[popovertarget]");
    const dialog = opener && document.getElementById(opener.getAttribute("popovertarget"));
    if (dialog instanceof HTMLDialogElement) {
      event.preventDefault();
      if (dialog.open) dialog.close();
      else if (opener.getAttribute("popovertargetaction") !== "hide") dialog.showModal();
    }
    if (event.target instanceof HTMLDialogElement) event.target.close();
    const dismiss = event.target.closest("[data-dismiss]");
    if (dismiss) dismiss.closest(dismiss.dataset.dismiss).remove();
    document.querySelectorAll("details.k-menu[open]").forEach((menu) => menu.contains(event.target) || (menu.open = false));
  });

  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target.closest("details.k-menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
    if (event.key === "/" && !event.target.closest("input, textarea, select, [contenteditable]")) {
      const search = document.querySelector(".k-search input");
      if (search) { event.preventDefault(); search.focus(); }
    }
  });

  // One press, one request; and none without a network, for the answer would take the place of what was typed.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method === "dialog" || form.hasAttribute("hx-post") || event.defaultPrevented) return;
    if (!navigator.onLine) { event.preventDefault(); say("toast-offline"); return; }
    if (form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    form.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => { delete form.dataset.sent; form.removeAttribute("aria-busy"); }));

  // A select or checkbox marked so sends its form at once.
  document.addEventListener("change", (event) => event.target.closest("[data-submit-on-change]")?.form.requestSubmit());

  // The server's errors become toasts; when no answer comes, the page's own sentence does.
  const say = (id) => {
    const sentence = document.getElementById(id);
    if (sentence) document.getElementById("toasts").append(sentence.content.cloneNode(true));
  };
  body.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    if (xhr.status === 422 || (xhr.status >= 400 && xhr.getResponseHeader("HX-Retarget"))) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });
  body.addEventListener("htmx:responseError", () => say("toast-error"));
  body.addEventListener("htmx:sendError", (event) => event.detail.elt?.closest("[data-quiet]") || say("toast-offline"));

  // After a filter or another page of a list: focus goes to the new content, and the reader hears its heading.
  body.addEventListener("htmx:afterSettle", (event) => {
    loadCharts();
    if (event.detail.target?.id === "main" || event.detail.elt?.id === "main") {
      document.getElementById("main")?.focus({ preventScroll: true });
    }
  });

  // The clock shows the zone's time, at the minute.
  const clocks = () => document.querySelectorAll("[data-clock]").forEach((clock) => {
    const parts = { timeZone: clock.dataset.clock, hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
    if (clock.dataset.seconds !== undefined) parts.second = "2-digit";
    clock.textContent = new Intl.DateTimeFormat(root.lang, parts).format(new Date());
  });
  if (document.querySelector("[data-clock]")) { clocks(); setInterval(clocks, document.querySelector("[data-seconds]") ? 1000 : 10000); }

  // Charts are loaded by the pages that have one.
  let charts = false;
  function loadCharts() {
    if (charts || !document.querySelector("[data-chart]")) return;
    charts = true;
    const script = document.createElement("script");
    script.src = body.dataset.charts;
    document.head.append(script);
  }
  loadCharts();

  if ("serviceWorker" in navigator && body.dataset.worker) navigator.serviceWorker.register(body.dataset.worker);
})();
