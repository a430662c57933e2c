// Draws the application icons: node app-icons.cjs FOLDER SIZE,SIZE,...
const { readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { Resvg } = require("@resvg/resvg-js");

const [folder, sizes] = process.argv.slice(2);
const draw = (source, size, name) => {
  const svg = readFileSync(join(__dirname, source), "utf8");
  const picture = new Resvg(svg, { fitTo: { mode: "width", value: size } }).render();
  writeFileSync(join(folder, name), picture.asPng());
};

for (const size of sizes.split(",").map(Number)) {
  draw("icon.svg", size, `icon-${size}.png`);
}
draw("icon-maskable.svg", 512, "icon-maskable-512.png");
