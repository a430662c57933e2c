// The wall: the clock, full screen, and a glow on what has just changed.
(() => {
  const wall = document.getElementById("wall");
  const lost = document.getElementById("lost");
  const watched = () => new Map([...wall.querySelectorAll("[data-watch]")].map((one) => [one.dataset.watch, one.textContent]));
  let before = watched();

  wall.addEventListener("htmx:afterSwap", () => {
    lost.hidden = true;
    wall.querySelectorAll("[data-watch]").forEach((one) => {
      if (before.get(one.dataset.watch) !== one.textContent) one.classList.add("w-changed");
    });
    before = watched();
  });
  for (const trouble of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
    document.body.addEventListener(trouble, () => { lost.hidden = false; });
  }

  const clock = document.querySelector("[data-clock]");
  const format = new Intl.DateTimeFormat(clock.dataset.language, { timeZone: clock.dataset.clock, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  const tick = () => { clock.textContent = format.format(new Date()); };
  tick();
  setInterval(tick, 1000);

  const full = document.querySelector("[data-fullscreen]");
  full.hidden = !document.fullscreenEnabled;
  full.addEventListener("click", () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen()));
  document.addEventListener("fullscreenchange", () => { full.hidden = Boolean(document.fullscreenElement); });
})();
