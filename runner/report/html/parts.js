// What the page is made of: the dialog of cells, sortable tables, figures. Every number that rests on cells is a button that opens
// them. Text from the study only ever becomes text nodes.
(function () {
  "use strict";

  const data = JSON.parse(document.getElementById("data").textContent);
  const { kinds, number, axisLabel } = globalThis.assayFigures;
  const { firstCells, cellsOf } = globalThis.assayDrawing;

  // An element with attributes and children; a function among the attributes listens.
  function h(name, attributes, ...children) {
    const out = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (typeof value === "function") out.addEventListener(key, value);
      else if (value !== null && value !== undefined && value !== false) out.setAttribute(key, value === true ? "" : value);
    }
    out.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
    return out;
  }

  const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

  function duration(seconds) {
    if (seconds < 0.0995) return `${Number((seconds * 1e3).toPrecision(2))} ms`;
    if (seconds < 60) return `${seconds.toFixed(1)} s`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
    return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds / 60) % 60} min`;
  }

  function bytes(count) {
    if (!(count > 0)) return "–";
    const power = Math.min(4, Math.floor(Math.log10(count) / 3));
    return `${Number((count / 1000 ** power).toPrecision(3))} ${["B", "kB", "MB", "GB", "TB"][power]}`;
  }

  const moment = (unix) => new Date(unix * 1000).toISOString().slice(0, 16).replace("T", " ") + " UTC";
  const pText = (p) => (p < 0.001 ? "< 0.001" : number(p));
  const first = firstCells(data), variants = data.seeds.flatMap((count, variant) => cellsOf(data, variant).map(() => variant));
  const variantOf = (cell) => variants[cell];
  const seedOf = (cell) => cell - first[variantOf(cell)];
  // As assay why counts: also the seeds that nobody asked for.
  const numberOf = (cell) => variantOf(cell) * data.summary.seeds + seedOf(cell);
  const states = ["not run", "done", "failed"];
  const failureOf = new Map(data.failures.map((failure) => [failure.cell, failure]));

  // ---- Cells: the dialog that every number opens.

  const dialog = document.getElementById("cells");
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => {
    if (location.hash.startsWith("#cell-")) history.replaceState(null, "", location.pathname + location.search);
  });

  function settingsOf(variant) {
    const out = [];
    data.axes.forEach((axis, a) => {
      const value = data.variants[variant][a];
      if (value < 0) return;
      axis.paths.forEach((path, p) => {
        if (axis.values[value][p] !== null) out.push([path, axis.values[value][p]]);
      });
    });
    return out;
  }

  function list(pairs) {
    return h("dl", { class: "grid" }, pairs.map(([term, what]) => [h("dt", null, term), h("dd", null, what)]));
  }

  function inside(cell) {
    const variant = variantOf(cell), failure = failureOf.get(cell);
    const facts = settingsOf(variant).concat([["seed", String(seedOf(cell))], ["state", states[data.cells.status[cell]]]]);
    if (failure) facts.push(["failed in", failure.stage], ["because", failure.message]);
    if (data.cells.seconds[cell] !== null) facts.push(["compute", duration(data.cells.seconds[cell])], ["finished", moment(data.cells.finished[cell])]);
    facts.push(["key", h("code", null, data.cells.key[cell])], ["more", h("code", null, `assay why ${data.study.folder} ${numberOf(cell)}`)]);
    const measured = data.metrics.map((metric, m) => [metric.name, data.cells.values[m][cell]]).filter(([, value]) => value !== null);
    const stages = data.configs.of[variant].map((text, s) => (text < 0 ? null : [data.configs.stages[s], data.configs.texts[s][text]])).filter((one) => one);
    return [
      list(facts),
      measured.length ? [h("h3", null, "Measured"), list(measured.map(([name, value]) => [name, String(value)]))] : null,
      h("h3", null, "Configuration"),
      h("pre", { tabindex: "0" }, stages.map(([name, text]) => `${name} = ${text}`).join("\n\n")),
    ];
  }

  function cellDetails(cell, metric, open) {
    const value = metric >= 0 ? data.cells.values[metric][cell] : null;
    const settings = data.axes.map((axis, a) => (axis.labels.length > 1 ? axisLabel(data, a, variantOf(cell)) : null)).filter((one) => one && one !== "–");
    const out = h("details", { class: "cell", open },
      h("summary", null, h("span", null, `cell ${numberOf(cell)}`), h("span", null, `seed ${seedOf(cell)}`), h("span", { class: "quiet" }, settings.join(", ")),
        h("span", { class: "value" }, value !== null ? number(value) : states[data.cells.status[cell]] === "done" ? "" : states[data.cells.status[cell]])));
    const fill = () => {
      if (out.open && !out.querySelector(".grid")) out.append(...[inside(cell)].flat(Infinity).filter((one) => one));
    };
    out.addEventListener("toggle", fill);
    fill();
    return out;
  }

  const mostShown = 100;

  function showCells(title, cells, metricName) {
    const metric = data.metrics.findIndex((one) => one.name === metricName);
    const rows = h("div", null, cells.slice(0, mostShown).map((cell) => cellDetails(cell, metric, cells.length === 1)));
    const more = cells.length > mostShown
      ? h("button", { class: "more", type: "button", click: (event) => { event.target.remove(); rows.append(...cells.slice(mostShown).map((cell) => cellDetails(cell, metric, false))); } }, `show ${cells.length - mostShown} more`)
      : null;
    dialog.replaceChildren(
      h("header", null, h("h2", { id: "cells-title" }, title), h("button", { class: "close", type: "button", click: () => dialog.close() }, "Close")),
      h("div", { class: "body" }, h("p", { class: "quiet" }, `${plural(cells.length, "cell")}${metric >= 0 ? ", " + metricName : ""}`), rows, more));
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
  }

  function openCell(cell) {
    history.replaceState(null, "", `#cell-${numberOf(cell)}`);
    showCells(`Cell ${numberOf(cell)}`, [cell], "");
  }

  function openFromHash() {
    const asked = /^#cell-(\d+)$/.exec(location.hash);
    const cell = asked ? variants.findIndex((_, one) => numberOf(one) === Number(asked[1])) : -1;
    if (cell >= 0) openCell(cell);
  }

  function leading(text, cells, title, metricName, more) {
    if (!cells || cells.length === 0) return text;
    return h("button", Object.assign({ class: "n", type: "button", "aria-haspopup": "dialog", click: () => showCells(title, cells, metricName) }, more), text);
  }

  // ---- Tables: { text, sort, cells, title, metric, marks, mark, left }, or text, for every field.

  function field(value, head) {
    const one = value !== null && typeof value === "object" && !(value instanceof Node) ? value : { text: value };
    const content = leading(one.text === null || one.text === undefined ? "–" : one.text, one.cells, one.title || "", one.metric || "");
    return h(head ? "th" : "td", { class: [one.left ? "l" : "", one.mark === "best" ? "best" : "", one.wide ? "wide" : "", typeof one.text === "string" && one.text.length > 28 && one.left && !one.wide ? "long" : ""].join(" ").trim() || null, scope: head ? "row" : null }, content,
      one.mark === "best" ? h("span", { class: "visually" }, " (best)") : null,
      one.marks ? h("sup", null, one.marks) : null,
      one.mark === "tied" ? h("span", { class: "tied", title: "not significantly worse than the best" }, "≈") : null);
  }

  const sortValue = (value) => (value !== null && typeof value === "object" && !(value instanceof Node) ? (value.sort !== undefined ? value.sort : value.text) : value);

  function compare(a, b) {
    const blank = (x) => x === null || x === undefined || Number.isNaN(x);
    if (blank(a) || blank(b)) return blank(a) - blank(b);
    if (typeof a === "number" && typeof b === "number") return a - b;
    return String(a).localeCompare(String(b), undefined, { numeric: true });
  }

  // head: [{ text, left }]; groups: [{ text, span }], one above the head or none; labels: so many first columns name the row.
  function table({ name, head, rows, groups, labels = 1, most = Infinity }) {
    let order = rows, shown = Math.min(most, rows.length);
    const body = h("tbody");
    const fill = () => body.replaceChildren(...order.slice(0, shown).map((row) => h("tr", { id: row.id }, (row.fields || row).map((value, c) => field(value, c < labels)))));
    const heads = head.map((one, c) => {
      const cell = h("th", { scope: "col", class: one.left ? "l" : null },
        h("button", { class: "sort", type: "button", click: () => {
          const down = cell.getAttribute("aria-sort") === "ascending";
          heads.forEach((other) => other.removeAttribute("aria-sort"));
          cell.setAttribute("aria-sort", down ? "descending" : "ascending");
          order = rows.slice().sort((a, b) => {
            const x = sortValue((a.fields || a)[c]), y = sortValue((b.fields || b)[c]);
            const blanks = compare(x, undefined) || compare(y, undefined) ? compare(x, y) : 0;
            return x === null || y === null || x === undefined || y === undefined ? blanks : down ? -compare(x, y) : compare(x, y);
          });
          fill();
        } }, one.text));
      return cell;
    });
    fill();
    const out = h("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": name },
      h("table", null, h("thead", null, groups && groups.length ? h("tr", { class: "groups" }, groups.map((group) => h("th", { colspan: group.span, scope: "colgroup" }, group.text))) : null, h("tr", null, heads)), body));
    if (shown === rows.length) return out;
    const more = h("button", { class: "more", type: "button", click: () => { shown = rows.length; fill(); more.remove(); } }, `show all ${rows.length}`);
    return h("div", null, out, more);
  }

  // ---- Figures.

  const dark = () => {
    const chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  };
  const tip = document.getElementById("tip");
  const figures = [];

  function tooltip(handler, event, item) {
    const datum = item && item.datum;
    tip.hidden = !datum || !datum.cells;
    if (tip.hidden) return;
    const names = { step: "step", mean: "mean", sd: "sd", effect: "effect", x: "across", y: "upright", rank: "average rank", n: "seeds" };
    const lines = Object.keys(names).filter((key) => typeof datum[key] === "number").map((key) => `${names[key]}: ${number(datum[key])}`);
    if (typeof datum.low === "number" && datum.low !== datum.high) lines.push(`from ${number(datum.low)} to ${number(datum.high)}`);
    tip.textContent = [datum.text || datum.label].concat(lines, "click for its cells").filter((line) => line).join("\n");
    const box = tip.getBoundingClientRect();
    tip.style.left = Math.max(4, Math.min(event.clientX + 14, innerWidth - box.width - 8)) + "px";
    tip.style.top = Math.max(4, event.clientY + box.height + 24 > innerHeight ? event.clientY - box.height - 12 : event.clientY + 16) + "px";
  }

  function draw(figure) {
    figure.drawn = true;
    const width = Math.floor(figure.holder.clientWidth);
    figure.width = width;
    figure.views.forEach((view) => view.finalize());
    const charts = figure.kind.make(data, figure.choice, { width, dark: dark() });
    figure.holder.replaceChildren();
    figure.views = charts.map((one) => {
      const place = h("div", { class: "plot", role: "img", "aria-label": one.alt });
      figure.holder.append(place);
      const view = new vega.View(vega.parse(vegaLite.compile(one.spec).spec), { renderer: "svg", container: place, hover: true, tooltip });
      view.addEventListener("click", (event, item) => {
        const datum = item && item.datum;
        if (datum && datum.cells) showCells(datum.text || datum.label || figure.kind.title, datum.cells, datum.metric || "");
      });
      view.run();
      return view;
    });
    if (charts.length === 0) figure.holder.append(h("p", { class: "quiet" }, "No cell of this choice is done."));
    figure.note.textContent = charts.map((one) => one.note || "").join(" ");
    const told = charts.filter((one) => one.table);
    figure.numbers.hidden = told.length === 0;
    figure.numbers.replaceChildren(h("summary", null, "The numbers"), ...told.map((one) => table({
      name: figure.kind.title, head: one.table.head.map((text, c) => ({ text, left: c === 0 })),
      rows: one.table.rows.map((row) => row.values.map((value, c) => c === 0
        ? { text: value, left: true }
        : { text: typeof value === "number" ? number(value) : value, sort: value, cells: row.cells, title: row.label })),
    })));
  }

  function drawControls(figure) {
    const controls = figure.kind.controls(data, figure.choice).filter((one) => !one.hidden);
    figure.bar.replaceChildren(...controls.map((one) => h("label", null, one.label, h("select", { "data-id": one.id, change: (event) => {
      figure.choice[one.id] = event.target.value;
      drawControls(figure);
      draw(figure);
      figure.bar.querySelector(`[data-id="${one.id}"]`)?.focus();
    } }, one.options.map((option) => h("option", { value: option.value, selected: option.value === one.value }, option.label))))));
    figure.bar.hidden = controls.length === 0;
  }

  // Drawn when they come near to the window: a long report is readable at once.
  const soon = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const figure = figures.find((one) => one.holder === entry.target);
      if (entry.isIntersecting && !figure.drawn) draw(figure);
    }
  }, { rootMargin: "600px" });

  function figureOf(name, caption) {
    const kind = kinds.find((one) => one.name === name);
    if (!kind.fits(data)) return null;
    const figure = { kind, choice: {}, holder: h("div", null), note: h("span", null), bar: h("div", { class: "controls" }), numbers: h("details", { hidden: true }), views: [], drawn: false };
    figures.push(figure);
    drawControls(figure);
    soon.observe(figure.holder);
    return h("figure", { "data-kind": name }, figure.bar, figure.holder, h("figcaption", null, caption, " ", figure.note), figure.numbers);
  }

  function redraw() {
    figures.filter((figure) => figure.drawn).forEach(draw);
  }

  globalThis.assayParts = { data, h, plural, duration, bytes, moment, pText, variantOf, seedOf, numberOf, states, leading, table, figureOf, redraw, openFromHash, openCell, figures, draw, dark };
})();
