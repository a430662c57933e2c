// Runs before the first paint: “as the device” becomes light or dark.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    if (root.dataset.theme === "auto") root.dataset.bsTheme = dark.matches ? "dark" : "light";
  };
  dark.addEventListener("change", apply);
  apply();
})();
