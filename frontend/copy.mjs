// Copies what is served from node_modules into assets_dist/vendor (git-ignored). Run after `npm ci`: no bundler, no network.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "node_modules");
const target = process.argv[2] ?? join(here, "..", "assets_dist", "vendor");

const copies = [
  ["@tabler/core/dist/css/tabler.min.css", "tabler.min.css"],
  ["echarts/dist/echarts.common.min.js", "echarts.common.min.js"],
  ["@tabler/icons/LICENSE", "icons.LICENSE.txt"],
  ["echarts/LICENSE", "echarts.LICENSE.txt"],
];

// A reference to a map that is not shipped makes the hashed static storage fail.
const withoutSourceMap = (text) => text.replace(/\n?(\/\*|\/\/)[#@] sourceMappingURL=[^\n]*/g, "\n");

function symbolOf(id, svg) {
  const shapes = svg
    .slice(svg.indexOf(">") + 1, svg.lastIndexOf("</svg>"))
    .replace(/<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*\/>/, "")
    .replace(/\s*\n\s*/g, "");
  return `<symbol id="${id}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">${shapes}</symbol>`;
}

// Rising steps, as many of them solid as the tier's rank: readable without colour and in print.
function tierSymbol(rank) {
  const bars = [1, 2, 3, 4]
    .map((step) => `<rect x="${1 + (step - 1) * 6}" y="${20 - step * 4.5}" width="4" height="${step * 4.5}" rx="1" opacity="${step <= rank ? 1 : 0.28}"/>`)
    .join("");
  return `<symbol id="tier-${rank}" viewBox="0 0 24 22" fill="currentColor">${bars}</symbol>`;
}

function sprite() {
  const names = readFileSync(join(here, "icons.txt"), "utf8").split(/\s+/).filter(Boolean);
  const icons = names.map((name) =>
    symbolOf(name, readFileSync(join(modules, "@tabler/icons/icons/outline", `${name}.svg`), "utf8")),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg">${[...icons, ...[1, 2, 3, 4].map(tierSymbol)].join("\n")}</svg>\n`;
}

mkdirSync(target, { recursive: true });
for (const [from, to] of copies) {
  writeFileSync(join(target, to), withoutSourceMap(readFileSync(join(modules, from), "utf8")));
}
writeFileSync(join(target, "icons.svg"), sprite());
