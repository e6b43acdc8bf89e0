// Chart data and the page's tokens in, ECharts options out.
// kind "bridge": a level, changes from it, the level they lead to.
// data: { labels, unit: "yuan"|"count"|"percent", series: [{ name, values, hrefs?, tone?, style? }], marks?: [{ value, label }] }

const chinese = document.documentElement.lang.startsWith("zh");
const locale = chinese ? "zh-CN" : "en-GB";
const exactYuan = new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const plain = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });

// As core.money.wan: the unit's size, name and places.
const SCALES = chinese ? [[1e8, "亿", 2], [1e4, "万", 1]] : [[1e6, "M", 1], [1e3, "K", 1]];
const DASHES = ["solid", "dashed", "dotted", [8, 3, 2, 3], [2, 2]];

// Truncates, never rounds up: 499,999 is 49.9万, on the near side of a tier's edge.
export function short(value) {
  const scale = SCALES.find(([size]) => Math.abs(value) >= Math.max(size, 1e4));
  if (!scale) return plain.format(value);
  const [size, name, places] = scale;
  return `${plain.format(Math.trunc((value / size) * 10 ** places + Math.sign(value) * 1e-9) / 10 ** places)}${name}`;
}

function exact(value, unit) {
  if (value === null || value === undefined) return "—";
  if (unit === "yuan") return `¥${exactYuan.format(value)}`;
  return unit === "percent" ? `${plain.format(value)}%` : plain.format(value);
}

function axisText(value, unit) {
  return unit === "percent" ? `${plain.format(value)}%` : short(value);
}

// Within a year the year is left out; the tooltip keeps it.
function dayText(labels) {
  const days = labels.length <= 366 && /^\d{4}-\d\d-\d\d$/.test(labels[0]);
  return days ? (label) => label.slice(5) : (label) => label;
}

function tokens() {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue(`--${name}`).trim();
}

function isLine(kind) {
  return kind === "line" || kind === "area";
}

function seriesOf(kind, item, index, data, token) {
  const colour = token(item.tone || `series-${(index % 5) + 1}`);
  const linked = Boolean(item.hrefs?.length);
  const base = { name: item.name, data: item.values, itemStyle: { color: colour }, cursor: linked ? "pointer" : "default", emphasis: { focus: kind === "bar" ? "none" : "series" } };
  if (index === 0 && data.marks?.length) base.markLine = marksOf(data.marks, token);
  if (!isLine(kind)) {
    return { ...base, type: "bar", stack: kind === "stacked" ? "all" : undefined, barMaxWidth: 36, itemStyle: { color: colour, borderColor: token("surface"), borderWidth: kind === "stacked" ? 1 : 0, borderRadius: kind === "bar" ? [3, 3, 0, 0] : 0 } };
  }
  const few = data.labels.length <= 31;
  const line = { width: index === 0 ? 2.25 : 1.75, color: colour, type: item.style || DASHES[index % DASHES.length] };
  return { ...base, type: "line", step: item.step ? "end" : false, lineStyle: line, symbol: "circle", symbolSize: few ? 5 : 4, showSymbol: few && linked, triggerLineEvent: false, connectNulls: true, ...areaOf(kind, index, data, colour) };
}

function areaOf(kind, index, data, colour) {
  if (kind === "area") return { stack: "all", areaStyle: { color: colour, opacity: 0.45 }, lineStyle: { width: 1.5, color: colour, type: "solid" } };
  return { areaStyle: index === 0 && data.series.length < 3 ? { color: colour, opacity: 0.07 } : undefined };
}

function marksOf(marks, token) {
  return {
    silent: true, symbol: "none", animation: false,
    lineStyle: { color: token("ink-3"), type: [3, 3], width: 1 },
    label: { position: "insideEndTop", color: token("ink-2"), fontSize: 11, formatter: (mark) => mark.name },
    data: marks.map((mark) => ({ yAxis: mark.value, name: mark.label })),
  };
}

// Rich text only: the default tooltip writes inline styles, which the content security policy forbids.
function tooltipOf(data, token) {
  return {
    trigger: "axis", renderMode: "richText", confine: true, order: "seriesAsc",
    backgroundColor: token("surface"), borderColor: token("line"), borderWidth: 1, padding: [8, 12],
    textStyle: { color: token("ink"), fontSize: 12, lineHeight: 19, fontFamily: token("font") },
    axisPointer: { type: "line", lineStyle: { color: token("line-strong"), width: 1 } },
    formatter: (points) => [points[0].axisValue, ...points.map((point) => `${point.marker}${point.seriesName}  ${exact(point.value, data.unit)}`)].join("\n"),
  };
}

// Levels at both ends, changes between them: each bar begins where the one before ended, on an unseen foot. The axis
// begins near the lowest level, or changes would be too thin to see.
function bridgeOf(data, token) {
  const values = data.series[0].values.map(Number);
  const last = values.length - 1;
  let level = 0;
  const bars = values.map((value, index) => {
    const isLevel = index === 0 || index === last;
    const from = isLevel ? 0 : level;
    level = isLevel ? value : level + value;
    return { from, to: level, colour: token(isLevel ? "series-1" : value < 0 ? "down" : "up") };
  });
  const levels = bars.map((bar) => bar.to);
  const [low, high] = [Math.min(...levels), Math.max(...levels)];
  const room = (high - low || Math.abs(high) || 1) * 0.2;
  const edge = low >= 0 ? Math.max(0, low - room) : low - room;
  const text = { color: token("ink-2"), fontSize: 12, fontFamily: token("font") };
  const foot = bars.map(({ from, to }) => Math.max(edge, Math.min(from, to)));
  return {
    grid: { left: 8, right: 24, top: 8, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    legend: { show: false },
    xAxis: { type: "value", min: edge, max: high + room, splitNumber: 3, splitLine: { lineStyle: { color: token("line") } }, axisLabel: { ...text, hideOverlap: true, showMinLabel: false, showMaxLabel: false, formatter: (value) => axisText(value, data.unit) } },
    yAxis: { type: "category", inverse: true, data: data.labels, axisLine: { lineStyle: { color: token("line-strong") } }, axisTick: { show: false }, axisLabel: { ...text, width: 96, overflow: "break" } },
    series: [
      { type: "bar", stack: "bridge", stackStrategy: "all", silent: true, data: foot, itemStyle: { color: "transparent" }, barMaxWidth: 24 },
      {
        type: "bar", stack: "bridge", stackStrategy: "all", name: data.series[0].name, barMaxWidth: 24, barMinHeight: 2, cursor: "pointer",
        data: bars.map(({ from, to, colour }, index) => ({ value: Math.max(from, to) - foot[index], itemStyle: { color: colour } })),
        label: { show: true, position: "right", ...text, formatter: (point) => axisText(values[point.dataIndex], data.unit) },
      },
    ],
    tooltip: { ...tooltipOf(data, token), formatter: (points) => `${points[0].axisValue}\n${exact(values[points[0].dataIndex], data.unit)}` },
  };
}

export function optionsOf(kind, data) {
  const token = tokens();
  if (kind === "bridge") return { animationDuration: 250, aria: { enabled: false }, textStyle: { fontFamily: token("font") }, ...bridgeOf(data, token) };
  const text = { color: token("ink-2"), fontSize: 12, fontFamily: token("font") };
  const many = data.series.length > 1;
  return {
    animationDuration: 250,
    aria: { enabled: false },
    textStyle: { fontFamily: token("font") },
    grid: { left: 8, right: 16, top: many ? 40 : 16, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    legend: { show: many, top: 4, left: 8, itemWidth: isLine(kind) ? 22 : 12, itemHeight: 10, itemGap: 18, textStyle: text, inactiveColor: token("line-strong"), type: "scroll" },
    tooltip: tooltipOf(data, token),
    xAxis: { type: "category", data: data.labels, boundaryGap: !isLine(kind), axisLine: { lineStyle: { color: token("line-strong") } }, axisTick: { show: false }, axisLabel: { ...text, hideOverlap: true, ...(isLine(kind) && { alignMinLabel: "left", alignMaxLabel: "right" }), formatter: dayText(data.labels) } },
    yAxis: { type: "value", scale: kind === "line" && !data.zero, splitNumber: 4, minInterval: data.unit === "count" ? 1 : 0, splitLine: { lineStyle: { color: token("line") } }, axisLabel: { ...text, formatter: (value) => axisText(value, data.unit) } },
    series: data.series.map((item, index) => seriesOf(kind, item, index, data, token)),
  };
}
