// Draws every [data-chart] of the page from the JSON beside it, in the colours of the theme.
import { init, use } from "echarts/core";
import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { LabelLayout } from "echarts/features";
import { CanvasRenderer } from "echarts/renderers";

use([BarChart, LineChart, AriaComponent, GridComponent, MarkLineComponent, TooltipComponent, LabelLayout, CanvasRenderer]);

const TONES = { teak: "--teak", leaf: "--leaf", amber: "--amber", signal: "--signal", sky: "--sky", plain: "--ink-3" };
const still = matchMedia("(prefers-reduced-motion: reduce)");
const drawn = new Map();

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const number = (value) => new Intl.NumberFormat(document.documentElement.lang).format(value);

function seriesOf(data, line, index) {
  const colour = token(TONES[line.tone] || "--teak");
  const bar = data.kind === "bar" || data.kind === "stack";
  const several = data.series.length > 1;
  return {
    type: bar ? "bar" : "line",
    name: line.name,
    data: line.values,
    stack: data.kind === "stack" ? "all" : undefined,
    color: colour,
    connectNulls: false,
    showSymbol: line.values.length < 3,
    smooth: 0.15,
    lineStyle: { width: 2.5, type: index > 1 ? "dashed" : "solid" },
    areaStyle: !bar && (data.kind === "area" || !several) ? { opacity: 0.12 } : undefined,
    barMaxWidth: 34,
    itemStyle: bar ? { borderRadius: data.kind === "bar" ? [5, 5, 0, 0] : 0 } : undefined,
    emphasis: { focus: several ? "series" : "none" },
    endLabel: { show: several && !bar, formatter: line.name, color: colour, fontWeight: 700, distance: 8 },
    labelLayout: { moveOverlap: "shiftY" },
    markLine: index === 0 && data.marks.length ? marksOf(data) : undefined,
  };
}

function marksOf(data) {
  return {
    symbol: "none",
    animation: false,
    lineStyle: { color: token("--ink-3"), type: "dashed" },
    label: { color: token("--ink-2"), fontWeight: 600, formatter: (mark) => mark.data.name },
    data: data.marks.map((mark) => ({ name: mark.text, xAxis: mark.at })),
  };
}

function tooltipOf(data) {
  const line = (one) => {
    const value = one.value === null || one.value === undefined ? data.missing : `${number(one.value)} ${data.unit}`.trim();
    return data.series.length > 1 ? `${one.seriesName}: ${value}` : value;
  };
  return {
    trigger: "axis",
    renderMode: "richText",
    backgroundColor: token("--card"),
    borderColor: token("--line"),
    textStyle: { color: token("--ink"), fontFamily: token("--font") },
    formatter: (points) => [points[0].name, ...points.map(line)].join("\n"),
  };
}

function optionsOf(data) {
  const several = data.series.length > 1 && data.kind !== "bar" && data.kind !== "stack";
  const widest = Math.max(...data.series.map((line) => line.name.length));
  return {
    animation: !still.matches,
    animationDuration: 350,
    textStyle: { fontFamily: token("--font") },
    aria: { enabled: false },
    grid: { left: 4, right: several ? Math.min(widest * 8 + 14, 170) : 14, top: data.marks.length ? 28 : 14, bottom: 4, containLabel: true },
    tooltip: tooltipOf(data),
    xAxis: {
      type: "category",
      data: data.labels,
      boundaryGap: data.kind === "bar" || data.kind === "stack",
      axisLine: { lineStyle: { color: token("--line") } },
      axisTick: { show: false },
      axisLabel: { color: token("--ink-2"), hideOverlap: true },
    },
    yAxis: {
      type: "value",
      minInterval: 1,
      splitNumber: 3,
      splitLine: { lineStyle: { color: token("--line-2") } },
      axisLabel: { color: token("--ink-2"), formatter: number },
    },
    series: data.series.map((line, index) => seriesOf(data, line, index)),
  };
}

function draw(box) {
  const source = document.getElementById(box.dataset.chart);
  if (!source) return;
  const chart = drawn.get(box) || init(box, null, { renderer: "canvas" });
  drawn.set(box, chart);
  chart.setOption(optionsOf(JSON.parse(source.textContent)), true);
}

function drawAll() {
  for (const [box, chart] of drawn) {
    if (!box.isConnected) {
      chart.dispose();
      drawn.delete(box);
    }
  }
  document.querySelectorAll("[data-chart]").forEach((box) => drawn.has(box) || draw(box));
}

const sizes = new ResizeObserver((entries) => entries.forEach(({ target }) => drawn.get(target)?.resize()));
const watch = () => document.querySelectorAll("[data-chart]").forEach((box) => sizes.observe(box));
const redraw = () => drawn.forEach((_, box) => draw(box));

document.fonts.ready.then(() => { drawAll(); watch(); });
document.addEventListener("htmx:afterSettle", () => { drawAll(); watch(); });
new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
