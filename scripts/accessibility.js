// Returns what a person with a screen reader, a keyboard or weak eyes would stumble over on the page that is open.
() => {
  const problems = [];
  const shown = (one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest("dialog:not([open]), [aria-hidden=true], .visually-hidden");
  const where = (one) => one.outerHTML.replace(/\s+/g, " ").slice(0, 110);
  const named = (one) => one.ariaLabel || one.getAttribute("aria-labelledby") || one.title || one.innerText?.trim() || one.querySelector("[aria-label], img[alt], .visually-hidden");

  document.querySelectorAll("input:not([type=hidden]), select, textarea").forEach((one) => {
    if (shown(one) && !one.labels?.length && !one.ariaLabel && !one.getAttribute("aria-labelledby")) problems.push(`no label: ${where(one)}`);
  });
  document.querySelectorAll("a[href], button, summary").forEach((one) => {
    if (shown(one) && !named(one)) problems.push(`no name: ${where(one)}`);
  });
  document.querySelectorAll("img:not([alt])").forEach((one) => problems.push(`no alternative text: ${where(one)}`));

  const headings = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].filter(shown);
  if (headings.filter((one) => one.tagName === "H1").length !== 1) problems.push("not exactly one h1");
  headings.forEach((one, at) => {
    if (at && Number(one.tagName[1]) > Number(headings[at - 1].tagName[1]) + 1) problems.push(`heading skips a level: ${where(one)}`);
  });
  if (!document.querySelector("main")) problems.push("no main");
  if (!document.documentElement.lang) problems.push("no language");

  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  new Set(ids.filter((id, at) => ids.indexOf(id) !== at)).forEach((id) => problems.push(`id twice: ${id}`));
  document.querySelectorAll("[aria-labelledby], [aria-describedby]").forEach((one) => {
    const wanted = `${one.getAttribute("aria-labelledby") || ""} ${one.getAttribute("aria-describedby") || ""}`.trim().split(/\s+/);
    wanted.filter((id) => !document.getElementById(id)).forEach((id) => problems.push(`points at nothing: #${id}`));
  });

  const pixel = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const channels = (colour) => {
    pixel.clearRect(0, 0, 1, 1);
    pixel.fillStyle = colour;
    pixel.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = pixel.getImageData(0, 0, 1, 1).data;
    return { rgb: [red, green, blue], alpha: alpha / 255 };
  };
  const over = (top, below) => top.rgb.map((part, at) => part * top.alpha + below[at] * (1 - top.alpha));
  const behind = (one) => {
    const layers = [];
    for (let at = one; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.backgroundImage !== "none") return null;
      const layer = channels(style.backgroundColor);
      layers.push(layer);
      if (layer.alpha === 1) break;
    }
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const light = (rgb) => {
    const linear = rgb.map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  while (texts.nextNode()) {
    const one = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || seen.has(one) || !shown(one) || one.closest("template, noscript, script, option, [disabled]")) continue;
    seen.add(one);
    const ground = behind(one);
    if (!ground) continue;
    const style = getComputedStyle(one);
    const pair = [light(over(channels(style.color), ground)), light(ground)].sort((a, b) => b - a);
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    const size = parseFloat(style.fontSize);
    const enough = size >= 24 || (size >= 18.6 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    if (ratio < enough) problems.push(`contrast ${ratio.toFixed(2)}: ${where(one)}`);
  }
  if (document.documentElement.scrollWidth > innerWidth + 1) problems.push(`wider than the window of ${innerWidth} px`);
  return problems;
}
