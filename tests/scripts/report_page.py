"""Opens the reports that report_test.sh made and uses them as a reader would: looks, clicks, sorts, presses keys."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from browser import Browser

scratch = sys.argv[1]
browser = Browser(os.path.join(scratch, "profile"))


def check(what, holds):
    if not holds:
        raise SystemExit(f"not so: {what}")


def quiet(what):
    check(f"{what}: the console is silent, it says {browser.complaints}", not browser.complaints)


def open_report(file, width=1280, dark=False):
    browser.look(width, dark=dark)
    return browser.open("file://" + os.path.join(scratch, file))


def figures_draw(what, kinds):
    found = browser.evaluate("[...document.querySelectorAll('figure')].map(f => f.dataset.kind)")
    check(f"{what} has the figures {kinds}, it has {found}", found == kinds)
    for kind in kinds:
        figure = f"document.querySelector('figure[data-kind=\"{kind}\"]')"
        browser.evaluate(figure + ".scrollIntoView({behavior: 'instant'})")
        browser.until(f"{figure}.querySelector('.plot svg')")
        marks = browser.evaluate(f"{figure}.querySelectorAll('.plot svg [class*=mark] path, .plot svg [class*=mark] line, .plot svg [class*=mark] text').length")
        check(f"{what}, {kind}: draws marks, {marks}", marks > 8)
        check(f"{what}, {kind}: is described", len(browser.evaluate(figure + ".querySelector('.plot').getAttribute('aria-label')")) > 20)


DIALOG = "document.getElementById('cells')"


def shows_cells(what):
    browser.until(DIALOG + ".open")
    check(f"{what}: cells in the dialog", browser.evaluate(DIALOG + ".querySelectorAll('details.cell').length") > 0)


def closes():
    browser.press("Escape")
    browser.until("!" + DIALOG + ".open")


def fits(what, width):
    wide = browser.evaluate("document.documentElement.scrollWidth")
    check(f"{what}: nothing sticks out at {width} pixels, but {wide}", wide <= width)


CONTRAST = """(() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = (c) => { const [r, g, b] = c.slice(0, 3).map(v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] > 0) return c; } return [255, 255, 255]; };
  const bad = [];
  for (const e of document.querySelectorAll('body *')) {
    const own = e.ownerSVGElement ? (e.tagName === 'text' && getComputedStyle(e).fill) : [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) && getComputedStyle(e).color;
    if (!own || e.closest('script,style,template,noscript,[hidden],[data-kind=heatmap] svg') || !e.getClientRects().length) continue;
    const a = light(parse(own)), b = light(behind(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) bad.push(e.tagName + '.' + (e.className.baseVal ?? e.className) + ' ' + ratio.toFixed(2) + ' ' + e.textContent.slice(0, 20));
  }
  return [...new Set(bad)].slice(0, 5);
})()"""

try:
    seconds = min(open_report("results/thousand/report.html") for _ in range(3))
    print(f"a thousand cells: open in {seconds:.2f} s")
    check("a thousand cells open within 2 s", seconds < 2)
    figures_draw("thousand", ["forest", "curves", "heatmap", "pareto"])
    quiet("thousand")
    number = "document.querySelector('#results td button.n')"
    browser.click(number)
    shows_cells("a click on a number")
    browser.click(DIALOG + ".querySelector('details.cell summary')")
    browser.until(DIALOG + ".querySelector('details.cell pre')")
    text = browser.evaluate(DIALOG + ".querySelector('details.cell').textContent")
    check("a cell tells its configuration", 'use = "train"' in text and "assay why" in text and "base.optimizer.lr" in text)
    closes()
    browser.evaluate(number + ".focus()")
    browser.press("Enter", "\r")
    shows_cells("a number by the keyboard")
    closes()
    browser.click("document.querySelector('figure[data-kind=pareto] .plot svg [class*=mark-symbol] path')")
    shows_cells("a click on a mark")
    closes()
    column = "[...document.querySelectorAll('#all-cells tbody tr')].slice(0, 40).map(r => Number(r.children[5].textContent))"
    head = "document.querySelectorAll('#all-cells thead th')[5]"
    browser.click(head + ".querySelector('button')")
    values = browser.evaluate(column)
    check("a column is sorted", values == sorted(values) and browser.evaluate(head + ".getAttribute('aria-sort')") == "ascending")
    browser.click(head + ".querySelector('button')")
    check("and the other way round", browser.evaluate(column) == sorted(browser.evaluate(column), reverse=True))
    before = browser.evaluate("getComputedStyle(document.body).backgroundColor")
    browser.click("document.getElementById('theme')")
    check("the toggle changes the colours", browser.evaluate("getComputedStyle(document.body).backgroundColor") != before)
    quiet("thousand")

    browser.call("Page.navigate", url="about:blank")
    open_report("results/thousand/report.html#cell-7")
    browser.until(DIALOG + ".open")
    check("an address leads to a cell", "Cell 7" in browser.evaluate(DIALOG + ".textContent"))

    for file, kinds in (("ablations-planted.html", ["forest", "effects"]), ("tasks.html", ["curves", "heatmap", "pareto", "critical-difference"]), ("hostile.html", ["forest", "heatmap"])):
        for width, dark in ((1280, False), (390, True)):
            open_report(file, width, dark)
            figures_draw(f"{file} at {width}", kinds)
            fits(file, width)
            low = browser.evaluate(CONTRAST)
            check(f"{file}: text has a contrast of 4.5, not {low}", not low)
            quiet(file)
    check("a title stays a title", browser.evaluate("document.title").startswith('A "title" & <b>tags</b> </script>'))
    check("a message stays a message", "document.title='taken'</script>" in browser.evaluate("document.querySelector('#failures').textContent"))
finally:
    browser.close()
