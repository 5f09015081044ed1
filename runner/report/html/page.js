// Builds the page from its data, with a section wherever the study has something for it.
(function () {
  "use strict";

  const { data, h, plural, duration, bytes, moment, pText, variantOf, seedOf, numberOf, states, leading, table, figureOf, redraw, openFromHash, openCell, figures, draw, dark } = globalThis.assayParts;
  const { number, axisLabel, verdictLook } = globalThis.assayFigures;
  const main = document.getElementById("main");
  const contents = document.getElementById("contents");

  function section(id, title, ...content) {
    const parts = content.flat(Infinity).filter((part) => part);
    if (parts.length === 0) return;
    main.append(h("section", { id, "aria-labelledby": id + "-title" }, h("h2", { id: id + "-title" }, title), parts));
    contents.append(h("a", { href: "#" + id }, title));
  }

  const allCells = Array.from({ length: data.cells.key.length }, (_, cell) => cell);
  const withState = (state) => allCells.filter((cell) => data.cells.status[cell] === state);

  function facts() {
    const s = data.summary, out = [];
    const add = (term, text, small, bad) => out.push(h("div", null, h("dt", null, term), h("dd", { class: bad ? "bad" : null }, text, small ? h("small", null, small) : null)));
    add("Cells", leading(s.done === s.cells ? String(s.cells) : `${s.done} of ${s.cells}`, withState(1), "Cells that are done"), s.missing ? `${s.missing} not run yet` : "done");
    add("Variants", String(s.variants), data.seeds.every((one) => one === s.seeds) ? `with ${plural(s.seeds, "seed")} each` : `with up to ${plural(s.seeds, "seed")}`);
    if (s.seconds !== undefined) add("Compute", duration(s.seconds), s.last - s.first < 1e7 && s.last - s.first >= 1 ? `in ${duration(s.last - s.first)} from first to last` : null);
    if (s.unique_stages < s.stages)
      add("Saved by sharing", `${Math.round(100 * (1 - s.unique_stages / s.stages))} %`, `${s.unique_stages} stages instead of ${s.stages}` + (s.seconds_unshared > s.seconds ? `, ${duration(s.seconds_unshared - s.seconds)}` : ""));
    add("Failures", s.failed ? leading(String(s.failed), withState(2), "Cells that failed") : "none", s.failed ? "see below" : null, s.failed > 0);
    if (data.claims.length) {
      const count = (verdict) => data.claims.filter((claim) => claim.verdict === verdict).length;
      add("Claims reproduced", `${count("REPRODUCED")} of ${data.claims.length}`, `${count("NOT REPRODUCED")} not, ${count("INCONCLUSIVE")} inconclusive`);
    }
    return h("dl", { class: "facts" }, out);
  }

  function verdict(text) {
    const kind = { REPRODUCED: "reproduced", "NOT REPRODUCED": "refuted", INCONCLUSIVE: "inconclusive" }[text];
    return h("span", { class: "verdict " + kind }, verdictLook[text].word);
  }

  function intervalText(interval) {
    return interval ? `[${number(interval[0])}, ${number(interval[1])}]` : "–";
  }

  function claimsSection() {
    if (data.claims.length === 0) return;
    const rows = data.claims.map((claim, i) => {
      const cells = { cells: claim.cells, title: claim.text, metric: claim.metric };
      const looked = claim.look ? `${claim.verdict === "INCONCLUSIVE" ? "not decided" : "decided"} at ${claim.look.seeds} of up to ${claim.look.of} seeds` : "";
      const remarks = [looked, claim.reason, claim.paper ? "the paper: " + claim.paper : "", claim.dropped ? `${claim.dropped} seeds left out` : ""].filter((one) => one).join("; ");
      return [
        { text: h("span", null, `${i + 1}  ${claim.text}`, h("span", { class: "quiet" }, h("br"), `${claim.metric}: ${claim.compared}`, remarks ? [h("br"), remarks] : null)), sort: i, left: true, wide: true },
        { text: verdict(claim.verdict), sort: claim.verdict, left: true },
        Object.assign({ text: claim.seeds ? number(claim.effect) : "–", sort: claim.effect }, cells),
        Object.assign({ text: intervalText(claim.interval), sort: claim.interval ? claim.interval[0] : null }, cells),
        Object.assign({ text: pText(claim.p_adjusted), sort: claim.p_adjusted }, cells),
        Object.assign({ text: String(claim.seeds), sort: claim.seeds }, cells),
      ];
    });
    section("claims", "Claims",
      figureOf("forest", "Effects in the direction of the claim, with their intervals. The grey mark is the limit that a claim must pass, two of them the margins that it must stay between."),
      table({ name: "Claims", labels: 1, rows, head: [{ text: "claim", left: true }, { text: "verdict", left: true }, { text: "effect" }, { text: `interval` }, { text: data.claims.length > 1 ? "p (Holm)" : "p" }, { text: "seeds" }] }),
      h("p", { class: "quiet" }, `Decided by ${[...new Set(data.claims.map((claim) => claim.test))].join(", ")}; intervals of level ${[...new Set(data.claims.map((claim) => number(claim.level)))].join(", ")}.`));
  }

  function tableSection() {
    const t = data.table;
    if (t.rows.length === 0 || t.values.length === 0) return;
    const labels = t.labels.length;
    const groups = t.groups.length ? [...(labels ? [{ text: "", span: labels }] : []), ...t.groups.map((group) => ({ text: group.name, span: group.count }))] : null;
    const words = { best: "the best", tied: "not significantly worse than the best", worse: "significantly worse than the best", undecided: "too few seeds to tell it from the best" };
    const rows = t.rows.map((row) => row.labels.map((text) => ({ text, left: true })).concat(row.entries.map((entry, k) => ({
      text: entry.text, marks: entry.marks, mark: entry.mark, cells: entry.cells, metric: entry.metric,
      sort: entry.mean !== undefined ? entry.mean : t.columns[k].paper && entry.text ? Number.parseFloat(entry.text) : null,
      title: [row.labels.join(", "), entry.metric + (groups ? " at " + t.columns[k].head : ""), entry.text, (words[entry.standing] || "") + (entry.p !== undefined ? `, p ${pText(entry.p)}` : "")].filter((one) => one).join(" · "),
    }))));
    const legend = [t.legend.best ? "bold: " + t.legend.best : "", t.legend.tied ? "≈: " + t.legend.tied : "", t.legend.rest].filter((one) => one);
    section("results", "Results",
      t.title && t.title !== data.study.title ? h("p", null, t.title) : null,
      table({ name: "Results", head: t.labels.map((text) => ({ text, left: true })).concat(t.columns.map((column) => ({ text: column.head }))), groups, labels, rows, most: 200 }),
      h("ul", { class: "quiet plain" }, t.footnotes.map(([mark, text]) => h("li", null, h("sup", null, mark), " ", text)),
        t.notes.concat(legend, "a number leads to its cells").map((note) => h("li", null, note))));
  }

  // The last two rows are the seeds, as blocks, and the error.
  function varianceTable(one) {
    const error = one.variance.at(-1);
    return [h("p", null, "Analysis of variance, seeds as blocks."),
      table({ name: "Analysis of variance of " + one.metric, head: [{ text: "source", left: true }, { text: "degrees of freedom" }, { text: "F" }, { text: "p" }, { text: "partial eta squared" }],
        rows: one.variance.slice(0, -2).map((row) => [{ text: row.source, left: true }, { text: `${row.freedom}, ${error.freedom}`, sort: row.freedom },
          { text: row.f === null ? "∞" : number(row.f), sort: row.f === null ? Infinity : row.f }, { text: pText(row.p), sort: row.p }, { text: number(row.partial_eta_squared), sort: row.partial_eta_squared }]) })];
  }

  function effectsSection() {
    const told = data.effects.filter((one) => one.parts.length);
    if (told.length === 0) return;
    const tables = told.map((one) => [
      told.length > 1 ? h("h3", null, one.metric) : null,
      table({ name: "Effects on " + one.metric, head: [{ text: "part", left: true }, { text: "effect" }, { text: "95% interval" }, { text: "p" }, { text: "seeds" }],
        rows: one.parts.concat(one.interactions).map((part) => {
          const cells = { cells: part.cells, title: part.name, metric: one.metric };
          return [
            { text: part.name + (part.aliases ? ", together with " + part.aliases.join(", ") : ""), left: true },
            Object.assign({ text: part.seeds ? number(part.effect) : "–", sort: part.effect }, cells),
            Object.assign({ text: intervalText(part.interval), sort: part.interval ? part.interval[0] : null }, cells),
            Object.assign({ text: pText(part.p), sort: part.p }, cells),
            Object.assign({ text: String(part.seeds) + (part.dropped ? ` (${part.dropped} left out)` : ""), sort: part.seeds }, cells),
          ];
        }) }),
      one.variance ? varianceTable(one) : null,
      one.warnings.map((text) => h("p", { class: "warning" }, text)),
    ]);
    section("effects", "Effect of each part", h("p", null, `What a part adds: ${told[0].meaning}.`), figureOf("effects", "With 95% intervals over the seeds. Two together: by how much the effect of one changes with the other."), tables);
  }

  function stagesSection() {
    const timed = data.stages.filter((stage) => stage.timed > 0);
    if (timed.length === 0) return;
    const longest = Math.max(...timed.map((stage) => stage.total));
    section("time", "Time and memory",
      table({ name: "Time and memory of each stage", labels: 1,
        head: [{ text: "stage", left: true }, { text: "component", left: true }, { text: "runs" }, { text: "mean" }, { text: "longest" }, { text: "in all" }, { text: "share", left: true }, { text: "result in memory" }],
        rows: data.stages.map((stage) => stage.timed > 0
          ? [{ text: stage.name, left: true }, { text: `${stage.component} ${stage.version}`, left: true }, stage.runs, { text: duration(stage.mean), sort: stage.mean }, { text: duration(stage.longest), sort: stage.longest }, { text: duration(stage.total), sort: stage.total },
            { text: h("span", { class: "bar", style: `width: ${longest > 0 ? (96 * stage.total) / longest : 0}px` }), sort: stage.total, left: true }, { text: bytes(stage.bytes), sort: stage.bytes }]
          : [{ text: stage.name, left: true }, { text: `${stage.component} ${stage.version}`, left: true }, stage.runs, null, null, null, { text: "", sort: null }, null]) }),
      h("p", { class: "quiet" }, "Runs: once for all cells that share it. Short stages are timed in part only; their time in all is the mean of those times the runs."));
  }

  function failuresSection() {
    if (data.failures.length === 0) return;
    section("failures", "Failures", table({ name: "Failures", head: [{ text: "cell" }, { text: "seed" }, { text: "stage", left: true }, { text: "message", left: true }], most: 100,
      rows: data.failures.map((failure) => [
        { text: String(numberOf(failure.cell)), sort: failure.cell, cells: [failure.cell], title: `Cell ${numberOf(failure.cell)}` },
        seedOf(failure.cell), { text: failure.stage, left: true }, { text: failure.message, left: true, wide: true }]) }));
  }

  function cellsSection() {
    const axes = data.axes.map((axis, a) => a).filter((a) => data.axes[a].labels.length > 1);
    // What is the same everywhere is left to each cell's own page.
    const metrics = data.metrics.map((metric, m) => m).filter((m) => data.table.values.includes(data.metrics[m].name) || new Set(data.cells.values[m].filter((value) => value !== null)).size > 1);
    section("all-cells", "Cells", table({ name: "Cells", most: 100, labels: 1,
      head: [{ text: "cell" }, ...axes.map((a) => ({ text: data.axes[a].short, left: true })), { text: "seed" }, { text: "state", left: true }, ...metrics.map((m) => ({ text: data.metrics[m].name })), { text: "compute" }],
      rows: allCells.map((cell) => [
        { text: h("button", { class: "n", type: "button", "aria-haspopup": "dialog", "data-cell": cell, click: () => openCell(cell) }, String(numberOf(cell))), sort: cell },
        ...axes.map((a) => ({ text: axisLabel(data, a, variantOf(cell)), left: true })), seedOf(cell), { text: states[data.cells.status[cell]], left: true },
        ...metrics.map((m) => ({ text: number(data.cells.values[m][cell]), sort: data.cells.values[m][cell] })),
        { text: data.cells.seconds[cell] === null ? "–" : duration(data.cells.seconds[cell]), sort: data.cells.seconds[cell] }]) }));
  }

  function studySection() {
    section("study", "Study",
      h("p", null, "As resolved: bases merged, profile and options applied. Its hash (XXH3-128) is ", h("code", { id: "hash" }, data.study.hash), "."),
      h("details", null, h("summary", null, `${data.study.name}.toml, ${plural(data.study.text.trim().split("\n").length, "line")}`), h("pre", { tabindex: "0" }, data.study.text)));
  }

  // ---- The page.

  main.append(...[data.study.notes ? h("p", { class: "notes" }, data.study.notes) : null,
    h("p", { class: "quiet" }, data.study.name, data.summary.last ? ` · last cell of ${moment(data.summary.last)}` : "", " · ", h("a", { href: "#study" }, data.study.hash.slice(0, 12))), facts()].filter((one) => one));
  claimsSection();
  tableSection();
  effectsSection();
  section("curves", "Curves", figureOf("curves", "Means over the seeds."));
  section("map", "Two axes", figureOf("heatmap", "Means over the seeds."));
  section("pareto", "Pareto front", figureOf("pareto", "Means over the seeds. Full points: no other variant is as good by both metrics and better by one. The front does not know of the spread between seeds."));
  section("ranks", "Ranks over tasks", data.ranks.length ? figureOf("critical-difference", `Ranks over ${data.ranks[0].tasks} values of ${data.ranks[0].axis}, of means over the seeds. Systems joined by a bar cannot be told apart (Nemenyi, 5%).`) : null);
  stagesSection();
  failuresSection();
  cellsSection();
  studySection();
  document.getElementById("foot").append(h("p", null, `Assay ${data.assay}. Figures by Vega and Vega-Lite (BSD-3-Clause), which this file holds.`),
    h("details", null, h("summary", null, "Licences"), h("pre", { tabindex: "0" }, document.getElementById("licences").content.textContent)));

  document.getElementById("theme").addEventListener("click", () => {
    document.documentElement.dataset.theme = dark() ? "light" : "dark";
    redraw();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  addEventListener("resize", () => {
    clearTimeout(redraw.timer);
    redraw.timer = setTimeout(() => figures.filter((figure) => figure.drawn && figure.width !== Math.floor(figure.holder.clientWidth)).forEach(draw), 150);
  });
  addEventListener("beforeprint", () => figures.filter((figure) => !figure.drawn).forEach(draw));
  addEventListener("hashchange", openFromHash);
  openFromHash();
})();
