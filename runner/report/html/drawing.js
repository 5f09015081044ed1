// What all figures share: colours, names of variants, choices that a figure leaves to its reader, and the frame of a chart.
// A look is { width, height, dark, paper }.
(function () {
  "use strict";

  // Okabe and Ito's hues, darkened on white and lightened on black until each has a contrast of 3 or more.
  const palettes = {
    light: ["#0072b2", "#c04f00", "#00795a", "#a8508a", "#8a6a00", "#2f8fc4", "#55606e", "#a3242b"],
    dark: ["#56b4e9", "#f0894a", "#3dbd94", "#df9cc4", "#e0b73c", "#9ecbea", "#b4bdc8", "#f27a80"],
  };
  const dashes = [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [10, 4], [4, 4], [1, 3], [12, 3, 4, 3]];
  const shapes = ["circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "triangle-left", "triangle-right"];
  const inks = {
    light: { ink: "#1d2127", muted: "#59626e", grid: "#e7e9ec", paper: "#ffffff", good: "#00795a", bad: "#b3261e", unsure: "#59626e" },
    dark: { ink: "#e7eaee", muted: "#a5aeb9", grid: "#2b3138", paper: "#15181c", good: "#3dbd94", bad: "#f58a80", unsure: "#a5aeb9" },
  };

  // A telephone; of a paper the width is that of the plot alone.
  const isNarrow = (look) => !look.paper && look.width < 520;
  const inkOf = (look) => inks[look.dark ? "dark" : "light"];
  const paletteOf = (look) => palettes[look.dark ? "dark" : "light"];

  function number(value) {
    if (value === null || value === undefined) return "–";
    const size = Math.abs(value);
    if (size !== 0 && (size < 1e-4 || size >= 1e7)) return value.toExponential(2);
    return String(Number(value.toPrecision(4))).replace("-", "−");
  }

  function range(first, count) {
    return Array.from({ length: count }, (_, i) => first + i);
  }

  // The first cell of each variant: all cells of one follow one another.
  function firstCells(data) {
    let next = 0;
    return data.seeds.map((count) => (next += count) - count);
  }
  const firsts = new WeakMap();

  function cellsOf(data, variant) {
    if (!firsts.has(data)) firsts.set(data, firstCells(data));
    return range(firsts.get(data)[variant], data.seeds[variant]);
  }
  const isVarying = (axis) => axis.labels.length > 1;

  function axisLabel(data, axis, variant) {
    const value = data.variants[variant][axis];
    return value < 0 ? "–" : data.axes[axis].labels[value];
  }

  function variantLabel(data, variant, without = []) {
    const parts = [];
    data.axes.forEach((axis, a) => {
      if (isVarying(axis) && !without.includes(a) && data.variants[variant][a] >= 0) {
        const label = axisLabel(data, a, variant);
        parts.push(Number.isFinite(Number(label)) || /^(true|false)$/.test(label) ? axis.short + " " + label : label);
      }
    });
    return parts.join(", ") || "all";
  }

  function wrap(text, width) {
    const lines = [""];
    for (const word of text.split(/\s+/)) {
      const last = lines.length - 1;
      if (lines[last] && (lines[last] + " " + word).length > width) lines.push(word);
      else lines[last] += (lines[last] ? " " : "") + word;
    }
    return lines;
  }

  const varyingAxes = (data) => range(0, data.axes.length).filter((a) => isVarying(data.axes[a]));

  function axisOptions(data, axes) {
    return axes.map((a) => ({ value: String(a), label: data.axes[a].short }));
  }

  function metricOptions(data, metrics) {
    return metrics.map((m) => ({ value: String(m), label: data.metrics[m].name }));
  }

  // One control: its value is the choice made, where that is still possible, else the default.
  function control(choice, id, label, options, fallback) {
    const made = options.some((option) => option.value === choice[id]) ? choice[id] : fallback;
    return { id, label, options, value: made === undefined ? options[0].value : made };
  }

  // Axes that a figure does not show stand at one value, so that nothing is averaged unasked.
  function fixedAxes(data, choice, shown, variants) {
    const out = [];
    for (const a of varyingAxes(data)) {
      if (shown.includes(a)) continue;
      const values = [...new Set(variants.map((v) => data.variants[v][a]))].sort((x, y) => x - y);
      if (values.length < 2) continue;
      const options = values.map((value) => ({ value: String(value), label: value < 0 ? "–" : data.axes[a].labels[value] }));
      out.push(control(choice, "at" + a, data.axes[a].short, options, String(data.variants[variants[0]][a])));
    }
    return out;
  }

  const valueOf = (controls, id) => (controls.find((one) => one.id === id) || {}).value;

  function standing(data, controls, variants) {
    const fixed = controls.filter((one) => one.id.startsWith("at"));
    return variants.filter((v) => fixed.every((one) => String(data.variants[v][Number(one.id.slice(2))]) === one.value));
  }

  function config(look) {
    const ink = inkOf(look);
    const font = look.paper ? "Helvetica, Arial, sans-serif" : "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";
    const size = look.paper ? 10 : 12;
    return {
      font,
      background: look.paper ? "#ffffff" : null,
      padding: look.paper ? 8 : 5,
      aria: true,
      view: { stroke: null },
      mark: { aria: false, color: paletteOf(look)[0] },
      text: { color: ink.ink, fontSize: size },
      axis: {
        aria: false, labelColor: ink.muted, titleColor: ink.ink, titleFontWeight: "normal", labelFontSize: size, titleFontSize: size,
        gridColor: ink.grid, domainColor: ink.muted, domain: false, ticks: false, labelPadding: 6, titlePadding: 10, labelLimit: look.paper ? 0 : 220,
      },
      legend: {
        aria: false, labelColor: ink.ink, titleColor: ink.muted, titleFontWeight: "normal", labelFontSize: size, titleFontSize: size,
        labelLimit: look.paper ? 0 : 260, symbolSize: 70, rowPadding: 4, columnPadding: 16,
      },
      header: { labelColor: ink.ink, titleColor: ink.ink },
      range: { category: paletteOf(look), heatmap: { scheme: "viridis" }, ramp: { scheme: "viridis" } },
    };
  }

  function chart(look, height, alt, body) {
    return Object.assign({
      $schema: "https://vega.github.io/schema/vega-lite/v5.json",
      description: alt,
      width: look.width,
      height: look.height || height,
      autosize: look.paper ? { type: "pad" } : { type: "fit-x", contains: "padding" },
      config: config(look),
    }, body);
  }

  // Below the plot, as many columns as there is room for.
  function legend(look, labels, title) {
    const longest = Math.max(1, ...labels.map((label) => label.length));
    const columns = Math.max(1, Math.min(labels.length, Math.floor(look.width / (Math.min(longest, 34) * 7.2 + 44))));
    return { orient: "bottom", columns, title: title || null, titleOrient: "left", offset: 8 };
  }

  const colours = (look, count) => range(0, count).map((i) => paletteOf(look)[i % 8]);
  const dashesFor = (count) => range(0, count).map((i) => dashes[(i + Math.floor(i / 8)) % 8]);
  const shapesFor = (count) => range(0, count).map((i) => shapes[(i + Math.floor(i / 8)) % 8]);

  globalThis.assayDrawing = { range, shapes, isNarrow, dashes, inkOf, paletteOf, number, firstCells, cellsOf, axisLabel, variantLabel, wrap, varyingAxes, axisOptions, metricOptions, control, fixedAxes, valueOf, standing, chart, legend, colours, dashesFor, shapesFor };
})();
