// From the data of a report to Vega-Lite specifications. The page draws them, and `assay plot` does in Node, so that a paper shows
// what the report shows. Nothing is computed here that a table or a claim says: means, intervals, effects and ranks come with the data.
//
// Every kind is { name, title, fits(data), controls(data, choice), make(data, choice, look) }. `make` gives a list of charts
// { spec, alt, note, table: { head, rows: [{ cells, values }] } }; a datum that bears `cells` leads to them.
(function () {
  "use strict";

  const {
    range, shapes, isNarrow, inkOf, paletteOf, number, cellsOf, axisLabel, variantLabel, wrap, varyingAxes, axisOptions, metricOptions, control, fixedAxes, valueOf, standing, chart, legend, colours, dashesFor, shapesFor,
  } = globalThis.assayDrawing;

  // What all variants of a series have in common is what it differs from others by.
  function seriesLabel(data, series, without) {
    const same = range(0, data.axes.length).filter((a) => series.variants.some((v) => data.variants[v][a] !== data.variants[series.variants[0]][a]));
    const text = variantLabel(data, series.variants[0], without.concat(same));
    if (text !== "all" || series.variants.length === data.variants.length) return text;
    const names = series.variants.map((v) => variantLabel(data, v, without));
    return names.length > 3 ? `${names.slice(0, 2).join(" / ")} and ${names.length - 2} more` : names.join(" / ");
  }

  // Axes that tell series from each other.
  function tellingAxes(data, list) {
    return varyingAxes(data).filter((a) =>
      list.every((one) => one.variants.every((v) => data.variants[v][a] === data.variants[one.variants[0]][a])) &&
      new Set(list.map((one) => data.variants[one.variants[0]][a])).size > 1);
  }

  const curves = {
    name: "curves",
    title: "Curves",
    fits: (data) => data.curves.length > 0,
    controls(data, choice) {
      const names = data.curves.map((curve, i) => ({ value: String(i), label: curve.name }));
      const which = control(choice, "curve", "curve", names);
      const curve = data.curves[Number(which.value)];
      const out = names.length > 1 ? [which] : [];
      const axes = tellingAxes(data, curve.series);
      if (axes.length === 0) return out.concat(scaleControl(choice, curve));
      const many = axes.find((a) => data.axes[a].labels.length > 2 && data.axes[a].labels.length <= 8);
      const colour = control(choice, "colour", "lines", axisOptions(data, axes), String(many === undefined ? axes[0] : many));
      const fixed = fixedAxes(data, choice, varyingAxes(data).filter((a) => !axes.includes(a)).concat(Number(colour.value)), curve.series.map((one) => one.variants[0]));
      return out.concat(axes.length > 1 ? [colour] : [], fixed, scaleControl(choice, curve));
    },
    make(data, choice, look) {
      const controls = curves.controls(data, choice);
      const curve = data.curves[Number(valueOf(controls, "curve") || 0)];
      const left = new Set(standing(data, controls, curve.series.map((one) => one.variants[0])));
      const series = curve.series.filter((one) => left.has(one.variants[0]));
      const fixed = controls.filter((one) => one.id.startsWith("at")).map((one) => Number(one.id.slice(2)));
      const labels = series.map((one) => seriesLabel(data, one, fixed));
      const log = valueOf(controls, "scale") === "log";
      const values = [];
      series.forEach((one, s) => {
        const cells = one.variants.flatMap((v) => cellsOf(data, v));
        one.step.forEach((step, i) => {
          const mean = one.mean[i], sd = one.sd ? one.sd[i] : 0;
          values.push({ step, mean, low: log ? Math.max(mean - sd, mean / 10) : mean - sd, high: mean + sd, label: labels[s], cells });
        });
      });
      const seeds = Math.max(...series.map((one) => one.seeds));
      const alt = `${curve.name} by step: ${series.length} line${series.length === 1 ? "" : "s"}, the mean over ${seeds} seed${seeds === 1 ? "" : "s"}` +
        (seeds > 1 && series.length <= 8 ? " with a band of one standard deviation to both sides." : ".");
      const scale = log ? { type: "log", nice: false } : { type: "linear", zero: false };
      const legends = series.length > 1 ? Object.assign(legend(look, labels), { symbolType: "stroke", symbolOpacity: 1, symbolStrokeWidth: 2, symbolSize: 200 }) : null;
      const layer = [];
      const bands = seeds > 1 && series.length <= 8;
      if (bands)
        layer.push({
          mark: { type: "area", opacity: 0.16, clip: true },
          encoding: { y: { field: "low", type: "quantitative", scale, title: curve.name }, y2: { field: "high" } },
        });
      layer.push({
        mark: { type: "line", strokeWidth: 2, clip: true, tooltip: { content: "data" }, cursor: "pointer" },
        encoding: {
          y: { field: "mean", type: "quantitative", scale, title: curve.name, axis: log ? logAxis(values) : {} },
          strokeDash: { field: "label", type: "nominal", sort: labels, scale: { domain: labels, range: dashesFor(labels.length) }, legend: legends },
        },
      });
      const spec = chart(look, 320, alt, {
        data: { values },
        encoding: {
          x: { field: "step", type: "quantitative", title: "step", scale: { nice: false }, axis: { grid: false, tickCount: isNarrow(look) ? 5 : 8 } },
          color: { field: "label", type: "nominal", sort: labels, scale: { domain: labels, range: colours(look, labels.length) }, legend: legends },
        },
        layer,
      });
      return [{
        spec, alt,
        note: bands ? "The band is one standard deviation to both sides." : seeds > 1 ? "Of so many lines no bands are drawn." : "",
        table: {
          head: ["line", "last step", "mean there", "sd", "seeds"],
          rows: series.map((one, s) => ({
            cells: one.variants.flatMap((v) => cellsOf(data, v)), label: labels[s],
            values: [labels[s], one.step.at(-1), one.mean.at(-1), one.sd ? one.sd.at(-1) : null, one.seeds],
          })),
        },
      }];
    },
  };

  // Powers of ten, or within two decades 1, 2 and 5 times them.
  function logAxis(values) {
    const low = Math.floor(Math.log10(Math.min(...values.map((value) => value.low)))), high = Math.ceil(Math.log10(Math.max(...values.map((value) => value.high))));
    const steps = high - low > 2 ? [1] : [1, 2, 5];
    return {
      values: range(low, high - low + 1).flatMap((power) => steps.map((step) => Number(`${step}e${power}`))),
      labelExpr: "datum.value < 0.001 || datum.value >= 1e5 ? format(datum.value, '.0e') : format(datum.value, '~g')",
    };
  }

  function scaleControl(choice, curve) {
    const means = curve.series.flatMap((one) => one.mean), least = means.reduce((a, b) => Math.min(a, b), Infinity);
    if (!(least > 0)) return [];
    const wide = means.reduce((a, b) => Math.max(a, b), 0) > 100 * least;
    return [control(choice, "scale", "scale", [{ value: "linear", label: "linear" }, { value: "log", label: "log" }], wide ? "log" : "linear")];
  }

  const verdictLook = {
    REPRODUCED: { word: "reproduced", shape: "circle", ink: "good" },
    "NOT REPRODUCED": { word: "not reproduced", shape: "diamond", ink: "bad" },
    INCONCLUSIVE: { word: "inconclusive", shape: "square", ink: "unsure" },
  };

  // Claims of one metric share an axis; those of another have their own unit.
  const forest = {
    name: "forest",
    title: "Claims",
    fits: (data) => data.claims.some((claim) => claim.seeds > 0),
    controls: () => [],
    make(data, choice, look) {
      const metrics = [...new Set(data.claims.map((claim) => claim.metric))];
      return metrics.map((metric) => forestOf(data, metric, look)).filter((one) => one);
    },
  };

  function forestOf(data, metric, look) {
    const width = isNarrow(look) ? 20 : look.paper ? 34 : 44;
    const claims = data.claims.map((claim, i) => Object.assign({ number: i + 1 }, claim)).filter((claim) => claim.metric === metric && claim.seeds > 0);
    if (claims.length === 0) return null;
    const ink = inkOf(look), verdicts = Object.keys(verdictLook);
    const values = claims.map((claim) => ({
      label: String(claim.number), text: claim.text, effect: claim.effect, cells: claim.cells, verdict: verdictLook[claim.verdict].word,
      low: claim.interval ? claim.interval[0] : claim.effect, high: claim.interval ? claim.interval[1] : claim.effect,
    }));
    const limits = claims.flatMap((claim) => claim.limits.map((limit) => ({ label: String(claim.number), limit })));
    const order = values.map((value) => value.label);
    const texts = Object.fromEntries(claims.map((claim) => [String(claim.number), wrap(claim.number + "  " + claim.text, width)]));
    const rows = Math.max(...Object.values(texts).map((lines) => lines.length));
    const alt = `Forest plot of ${metric}: ` + values.map((value) => `claim ${value.label}, effect ${number(value.effect)}, ${value.verdict}`).join("; ") + ".";
    const step = Math.max(34, 15 * rows + 10);
    const spec = chart(look, values.length * step, alt, {
      layer: [
        {
          data: { values: limits },
          mark: { type: "tick", color: ink.muted, thickness: 1.5, size: step * 0.6 },
          encoding: { x: { field: "limit", type: "quantitative" }, color: { value: ink.muted } },
        },
        {
          data: { values },
          mark: { type: "rule", strokeWidth: 2.5, tooltip: { content: "data" }, cursor: "pointer" },
          encoding: { x: { field: "low", type: "quantitative" }, x2: { field: "high" } },
        },
        {
          data: { values },
          mark: { type: "point", filled: true, size: 110, opacity: 1, tooltip: { content: "data" }, cursor: "pointer" },
          encoding: {
            x: { field: "effect", type: "quantitative" },
            shape: { field: "verdict", type: "nominal", scale: { domain: verdicts.map((v) => verdictLook[v].word), range: verdicts.map((v) => verdictLook[v].shape) }, legend: null },
          },
        },
      ],
      encoding: {
        x: { type: "quantitative", title: "effect on " + metric, scale: { zero: true, padding: 12 }, axis: { tickCount: Math.max(3, Math.round(look.width / 160)) } },
        y: {
          field: "label", type: "nominal", sort: order, title: null,
          axis: { grid: true, labelExpr: JSON.stringify(texts) + "[datum.label]", labelLimit: 0, labelColor: ink.ink, labelLineHeight: 15, labelBaseline: "middle" },
        },
        color: { field: "verdict", type: "nominal", scale: { domain: verdicts.map((v) => verdictLook[v].word), range: verdicts.map((v) => ink[verdictLook[v].ink]) }, legend: null },
      },
    });
    return { spec, alt, table: null };
  }

  const effects = {
    name: "effects",
    title: "Effect of each part",
    fits: (data) => data.effects.some((one) => one.parts.some((part) => part.seeds > 0)),
    controls(data, choice) {
      const options = data.effects.map((one, i) => ({ value: String(i), label: one.metric }));
      return options.length > 1 ? [control(choice, "metric", "metric", options)] : [];
    },
    make(data, choice, look) {
      const one = data.effects[Number(valueOf(effects.controls(data, choice), "metric") || 0)];
      const told = one.parts.map((part) => Object.assign({ group: "part" }, part))
        .concat(one.interactions.map((two) => Object.assign({ group: "two together" }, two))).filter((part) => part.seeds > 0);
      const ink = inkOf(look);
      const values = told.map((part) => ({
        label: part.name, group: part.group, effect: part.effect, cells: part.cells,
        low: part.interval ? part.interval[0] : part.effect, high: part.interval ? part.interval[1] : part.effect,
      }));
      const order = values.map((value) => value.label);
      const groups = ["part", "two together"].filter((group) => values.some((value) => value.group === group));
      const colour = { field: "group", type: "nominal", sort: groups, scale: { domain: groups, range: colours(look, groups.length) }, legend: groups.length > 1 ? legend(look, groups) : null };
      const alt = `What each part adds to ${one.metric}, with 95% intervals: ` + values.map((value) => `${value.label} ${number(value.effect)}`).join("; ") + ".";
      const spec = chart(look, Math.max(80, values.length * 28), alt, {
        data: { values },
        encoding: { y: { field: "label", type: "nominal", sort: order, title: null, axis: { grid: true, labelColor: ink.ink } }, color: colour },
        layer: [
          { mark: { type: "rule", color: ink.muted, strokeWidth: 1.5 }, encoding: { x: { datum: 0, type: "quantitative" }, y: null, color: { value: ink.muted } }, data: { values: [{}] } },
          { mark: { type: "rule", strokeWidth: 2.5, tooltip: { content: "data" }, cursor: "pointer" }, encoding: { x: { field: "low", type: "quantitative" }, x2: { field: "high" } } },
          {
            mark: { type: "point", filled: true, size: 110, opacity: 1, tooltip: { content: "data" }, cursor: "pointer" },
            encoding: { x: { field: "effect", type: "quantitative", title: "adds to " + one.metric, scale: { zero: true, padding: 12 }, axis: { tickCount: Math.max(3, Math.round(look.width / 160)) } }, shape: { field: "group", type: "nominal", sort: groups, scale: { domain: groups, range: shapes.slice(0, groups.length) }, legend: colour.legend } },
          },
        ],
      });
      return [{ spec, alt, table: null }];
    },
  };

  const heatmap = {
    name: "heatmap",
    title: "Two axes",
    fits: (data) => varyingAxes(data).length >= 2 && data.metrics.length > 0,
    controls(data, choice) {
      const axes = varyingAxes(data);
      const x = control(choice, "x", "across", axisOptions(data, axes), String(axes.at(-1)));
      const rest = axes.filter((a) => String(a) !== x.value);
      const y = control(choice, "y", "down", axisOptions(data, rest), String(rest.at(-1)));
      const metric = control(choice, "metric", "metric", metricOptions(data, range(0, data.metrics.length)), String(directed(data)[0] ?? 0));
      const both = axes.length > 2 ? [x, y] : [];
      return [metric].concat(both, fixedAxes(data, choice, [Number(x.value), Number(y.value)], range(0, data.variants.length)), axes.length > 2 ? [] : [Object.assign(x, { hidden: true }), Object.assign(y, { hidden: true })]);
    },
    make(data, choice, look) {
      const controls = heatmap.controls(data, choice);
      const x = Number(valueOf(controls, "x")), y = Number(valueOf(controls, "y")), m = Number(valueOf(controls, "metric"));
      const summary = data.summaries[m], name = data.metrics[m].name;
      const values = standing(data, controls, range(0, data.variants.length))
        .filter((v) => data.variants[v][x] >= 0 && data.variants[v][y] >= 0 && summary.mean[v] !== null)
        .map((v) => ({
          x: axisLabel(data, x, v), y: axisLabel(data, y, v), mean: summary.mean[v], sd: summary.sd[v], n: summary.n[v],
          shown: number(summary.mean[v]), cells: cellsOf(data, v), label: variantLabel(data, v),
        }));
      if (values.length === 0) return [];
      const means = values.map((value) => value.mean), low = Math.min(...means), high = Math.max(...means);
      // Text is dark on the light end of viridis, white on the dark one.
      const middle = low + 0.45 * (high - low);
      const columns = data.axes[x].labels.length, rows = data.axes[y].labels.length;
      const room = (look.width - 140) / columns;
      const alt = `${name} by ${data.axes[x].short} across and ${data.axes[y].short} down: from ${number(low)} to ${number(high)}.`;
      const layer = [{ mark: { type: "rect", tooltip: { content: "data" }, cursor: "pointer" }, encoding: { color: { field: "mean", type: "quantitative", title: name, scale: { scheme: "viridis", zero: false }, legend: { orient: "bottom", gradientLength: Math.min(260, look.width - 60), titleOrient: "left", format: ".3~g" } } } }];
      if (room >= 44)
        layer.push({ mark: { type: "text", fontSize: 11 }, encoding: { text: { field: "shown" }, color: { condition: { test: `datum.mean > ${middle}`, value: "#101418" }, value: "#ffffff" } } });
      const spec = chart(look, Math.max(60, Math.min(34 * rows, 900)), alt, {
        data: { values },
        encoding: {
          x: { field: "x", type: "ordinal", sort: data.axes[x].labels, title: data.axes[x].short, axis: { labelAngle: room < 9 * Math.max(...data.axes[x].labels.map((label) => label.length)) ? -45 : 0, grid: false, labelLimit: 140 } },
          y: { field: "y", type: "ordinal", sort: data.axes[y].labels, title: data.axes[y].short, axis: { grid: false, labelLimit: isNarrow(look) ? 110 : 240 } },
        },
        layer,
      });
      return [{
        spec, alt,
        table: { head: [data.axes[y].short, data.axes[x].short, name, "sd", "seeds"], rows: values.map((value) => ({ cells: value.cells, label: value.label, values: [value.y, value.x, value.mean, value.sd, value.n] })) },
      }];
    },
  };

  // No other point is at least as good by both metrics and better by one.
  function frontOf(points, xHigher, yHigher) {
    const sx = xHigher ? 1 : -1, sy = yHigher ? 1 : -1;
    return points.map((p) => !points.some((q) => sx * q.x >= sx * p.x && sy * q.y >= sy * p.y && (q.x !== p.x || q.y !== p.y)));
  }

  const directed = (data) => range(0, data.metrics.length).filter((m) => data.metrics[m].better && data.summaries[m].n.some((n) => n > 0));

  const pareto = {
    name: "pareto",
    title: "Pareto front",
    fits: (data) => directed(data).length >= 2 && data.variants.length >= 3,
    controls(data, choice) {
      const metrics = directed(data);
      const y = control(choice, "y", "upright", metricOptions(data, metrics));
      const rest = metrics.filter((m) => String(m) !== y.value);
      const out = [y, control(choice, "x", "across", metricOptions(data, rest))];
      const axes = varyingAxes(data);
      const fit = axes.find((a) => data.axes[a].labels.length <= 8);
      if (axes.length > 0) {
        const colour = control(choice, "colour", "colour", axisOptions(data, axes), String(fit === undefined ? axes[0] : fit));
        out.push(axes.length > 1 ? colour : Object.assign(colour, { hidden: true }));
      }
      return out;
    },
    make(data, choice, look) {
      const controls = pareto.controls(data, choice), ink = inkOf(look);
      const x = Number(valueOf(controls, "x")), y = Number(valueOf(controls, "y")), colour = Number(valueOf(controls, "colour") || 0);
      const named = data.axes.length > 0;
      const points = range(0, data.variants.length)
        .filter((v) => data.summaries[x].mean[v] !== null && data.summaries[y].mean[v] !== null)
        .map((v) => ({
          x: data.summaries[x].mean[v], y: data.summaries[y].mean[v], label: variantLabel(data, v), cells: cellsOf(data, v), n: data.summaries[y].n[v],
          group: named ? axisLabel(data, colour, v) : "all",
        }));
      if (points.length === 0) return [];
      const onFront = frontOf(points, data.metrics[x].better === "higher", data.metrics[y].better === "higher");
      points.forEach((point, i) => { point.front = onFront[i]; });
      const front = points.filter((point) => point.front).sort((a, b) => a.x - b.x || a.y - b.y);
      const groups = [...new Set(points.map((point) => point.group))];
      const plain = groups.length > 24;
      const arrow = (m) => data.metrics[m].name + (data.metrics[m].better === "higher" ? " (more is better)" : " (less is better)");
      const alt = `${data.metrics[y].name} against ${data.metrics[x].name}, means over seeds: ${front.length} of ${points.length} variants are on the Pareto front.`;
      const named_by = plain || groups.length < 2 ? {} : {
        color: { field: "group", type: "nominal", sort: groups, scale: { domain: groups, range: colours(look, groups.length) }, legend: legend(look, groups) },
        shape: { field: "group", type: "nominal", sort: groups, scale: { domain: groups, range: shapesFor(groups.length) }, legend: legend(look, groups) },
      };
      const axis = (field, m) => ({ field, type: "quantitative", title: arrow(m), scale: { zero: false, padding: 10 }, axis: { tickCount: isNarrow(look) ? 5 : 8 } });
      const spec = chart(look, 340, alt, {
        encoding: { x: axis("x", x), y: axis("y", y) },
        layer: [
          { data: { values: front }, mark: { type: "line", color: ink.muted, strokeWidth: 1.5, interpolate: "linear" } },
          {
            data: { values: points },
            mark: { type: "point", filled: true, size: 80, tooltip: { content: "data" }, cursor: "pointer" },
            encoding: Object.assign({ opacity: { condition: { test: "datum.front", value: 1 }, value: 0.45 }, size: { condition: { test: "datum.front", value: 110 }, value: 60 } }, named_by),
          },
        ],
      });
      return [{
        spec, alt,
        table: { head: ["on the front", data.metrics[y].name, data.metrics[x].name, "seeds"], rows: front.map((point) => ({ cells: point.cells, label: point.label, values: [point.label, point.y, point.x, point.n] })) },
      }];
    },
  };

  const ranks = {
    name: "critical-difference",
    title: "Ranks over tasks",
    fits: (data) => data.ranks.length > 0,
    controls(data, choice) {
      const options = data.ranks.map((one, i) => ({ value: String(i), label: one.metric }));
      return options.length > 1 ? [control(choice, "metric", "metric", options)] : [];
    },
    make(data, choice, look) {
      const one = data.ranks[Number(valueOf(ranks.controls(data, choice), "metric") || 0)];
      const ink = inkOf(look), k = one.systems.length, cd = one.critical_difference;
      const order = range(0, k).sort((a, b) => one.systems[a].rank - one.systems[b].rank);
      const narrow = isNarrow(look), left = narrow ? 0 : Math.ceil(k / 2);
      const groups = one.groups.map((group, level) => ({ level: 0.55 + 0.45 * level, low: one.systems[group[0]].rank - 0.04, high: one.systems[group.at(-1)].rank + 0.04 }));
      const first = 1 + 0.45 * groups.length;
      const most = narrow ? 20 : look.paper ? 60 : 30;
      const cut = (label) => (label.length > most ? label.slice(0, most - 1) + "…" : label);
      const stems = order.map((s, i) => {
        const onLeft = i < left;
        return { rank: one.systems[s].rank, top: 0, depth: first + (onLeft ? i : k - 1 - i) * 0.9, side: onLeft ? "left" : "right", label: one.systems[s].label, shown: cut(one.systems[s].label), cells: one.systems[s].cells };
      });
      const deepest = Math.max(...stems.map((stem) => stem.depth)) + 0.5;
      const last = Math.max(k, 1 + Math.min(cd, 2 * k));
      const side = (which) => stems.filter((stem) => stem.side === which);
      const scale = { domain: [1, last], nice: false, zero: false }, down = { domain: [-1.6, deepest], reverse: true, nice: false, zero: false };
      const quiet = { type: "quantitative", axis: null, scale: down };
      const alt = `Critical-difference diagram of ${one.metric} over ${one.tasks} tasks: average ranks ` +
        order.map((s) => `${one.systems[s].label} ${number(one.systems[s].rank)}`).join(", ") + `; critical difference ${number(cd)}, Friedman p ${number(one.p)}.`;
      const edge = (which) => (which === "left" ? { value: 0 } : { value: "width" });
      const spec = chart(look, Math.round(24 * (deepest + 1.6)), alt, {
        encoding: { x: { type: "quantitative", scale, axis: { orient: "top", grid: false, domain: true, ticks: true, title: "average rank (1 is best)", tickMinStep: 1, format: "d", offset: 2 } } },
        layer: [
          { data: { values: [{ a: 1, b: Math.min(last, 1 + cd), y: -1.1 }] }, mark: { type: "rule", strokeWidth: 2, color: ink.ink }, encoding: { x: { field: "a", type: "quantitative" }, x2: { field: "b" }, y: Object.assign({ field: "y" }, quiet) } },
          { data: { values: [{ a: 1, b: k, y: 0 }] }, mark: { type: "rule", color: ink.grid }, encoding: { x: { field: "a", type: "quantitative" }, x2: { field: "b" }, y: Object.assign({ field: "y" }, quiet) } },
          { data: { values: [{ a: 1, y: -1.1, t: "critical difference " + number(cd) }] }, mark: { type: "text", align: "left", dy: 9, fontSize: 11, color: ink.muted }, encoding: { x: { field: "a", type: "quantitative" }, y: Object.assign({ field: "y" }, quiet), text: { field: "t" } } },
          { data: { values: stems }, mark: { type: "rule", color: ink.muted }, encoding: { x: { field: "rank", type: "quantitative" }, y: Object.assign({ field: "top" }, quiet), y2: { field: "depth" } } },
          ...["left", "right"].filter((which) => side(which).length > 0).flatMap((which) => [
            { data: { values: side(which) }, mark: { type: "rule", color: ink.muted }, encoding: { x: { field: "rank", type: "quantitative" }, x2: edge(which), y: Object.assign({ field: "depth" }, quiet) } },
            { data: { values: side(which) }, mark: { type: "text", align: which === "left" ? "right" : "left", dx: which === "left" ? -6 : 6, tooltip: { content: "data" }, cursor: "pointer" }, encoding: { x: edge(which), y: Object.assign({ field: "depth" }, quiet), text: { field: "shown" } } },
          ]),
          { data: { values: stems }, mark: { type: "point", filled: true, size: 60, opacity: 1, tooltip: { content: "data" }, cursor: "pointer" }, encoding: { x: { field: "rank", type: "quantitative" }, y: Object.assign({ field: "top" }, quiet) } },
          { data: { values: groups }, mark: { type: "rule", strokeWidth: 5, strokeCap: "round", color: paletteOf(look)[0] }, encoding: { x: { field: "low", type: "quantitative" }, x2: { field: "high" }, y: Object.assign({ field: "level" }, quiet) } },
        ],
      });
      return [{
        spec, alt,
        note: `Friedman's test that all are alike: p ${one.p < 0.001 ? "< 0.001" : "= " + number(one.p)}.` + (one.left_out ? ` Left out: ${one.left_out} without a value on every task.` : ""),
        table: { head: ["system", "average rank"], rows: order.map((s) => ({ cells: one.systems[s].cells, label: one.systems[s].label, values: [one.systems[s].label, one.systems[s].rank] })) },
      }];
    },
  };

  globalThis.assayFigures = { kinds: [forest, effects, curves, heatmap, pareto, ranks], number, variantLabel, axisLabel, verdictLook };
})();
