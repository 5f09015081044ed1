// Runs in Node, without a browser: prints one figure as SVG. `globalThis.request` is { data, kind, width, height, options }, where
// options choose as the controls of the page do, by the labels that it shows: { metric: "eval.nll", across: "sparsity", … }.
(function () {
  "use strict";

  // Node has no canvas to measure text. Widths of Helvetica's characters in thousandths of the font size, ASCII from the space on;
  // where Helvetica is missing, what stands in for it may be a sixth wider (DejaVu Sans), for which there must be room.
  const widths = [278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584];
  vega.textMetrics.width = (item, text) => {
    const shown = text === undefined || text === null ? item.text : text;
    const lines = Array.isArray(shown) ? shown : [shown];
    const size = item.fontSize === undefined ? 11 : item.fontSize;
    const wide = (line) => [...String(line)].reduce((sum, c) => sum + (widths[c.codePointAt(0) - 32] || (c.codePointAt(0) > 0x2e80 ? 1000 : 600)), 0);
    return (1.17 * Math.max(...lines.map(wide)) * size) / 1000;
  };

  function give_up(message) {
    process.stderr.write(message + "\n");
    process.exitCode = 2;
  }

  // The choice that the options make: controls may depend on each other, so they are made one after the other.
  function chosen(kind, data, options) {
    const choice = {};
    const left = new Map(Object.entries(options));
    for (let turn = 0; turn <= left.size + 8 && left.size > 0; ++turn) {
      const controls = kind.controls(data, choice);
      const one = controls.find((control) => left.has(control.label));
      if (!one) break;
      const wanted = left.get(one.label);
      left.delete(one.label);
      const option = one.options.find((candidate) => candidate.label === wanted) || one.options.find((candidate) => candidate.value === wanted);
      if (!option) throw new Error(`${one.label} = "${wanted}" cannot be chosen; allowed: ${one.options.map((candidate) => candidate.label).join(", ")}`);
      choice[one.id] = option.value;
    }
    if (left.size > 0) {
      const names = kind.controls(data, choice).map((control) => control.label);
      throw new Error(`a ${kind.name} plot of this study has nothing called "${[...left.keys()][0]}" to choose` + (names.length ? `; it has: ${names.join(", ")}` : ""));
    }
    return choice;
  }

  function draw({ data, kind: name, width, height, options }) {
    const kind = assayFigures.kinds.find((one) => one.name === name);
    if (!kind.fits(data)) return give_up(`the study has no data for a ${name} plot (docs/report.md says what each needs)`);
    const charts = kind.make(data, chosen(kind, data, options), { width, height, dark: false, paper: true }).map((chart) => chart.spec);
    if (charts.length === 0) return give_up("no cell of this choice is done");
    const { config, background } = charts[0];
    const spec = charts.length === 1 ? charts[0] : { config, background, vconcat: charts.map((chart) => Object.assign({}, chart, { config: undefined, autosize: undefined, $schema: undefined })) };
    return new vega.View(vega.parse(vegaLite.compile(spec).spec), { renderer: "none" }).toSVG().then((svg) => process.stdout.write(svg + "\n"));
  }

  try {
    Promise.resolve(draw(globalThis.request)).catch((error) => give_up(error.stack));
  } catch (error) {
    give_up(error.message);
  }
})();
