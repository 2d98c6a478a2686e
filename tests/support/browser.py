"""A real browser for tests: Debian's Chromium, driven by Playwright.

Playwright's own browsers are never downloaded: without a Chromium on the machine, tests skip.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars")
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
# What axe calls serious or critical keeps somebody out; the rest are remarks.
GRAVE = ["serious", "critical"]

# Sum of all layout shifts so far, a moment after the last paint.
SHIFT = """() => new Promise(done => {
  let sum = 0;
  const watch = new PerformanceObserver(list => {
    for (const entry of list.getEntries()) sum += entry.value; });
  watch.observe({type: 'layout-shift', buffered: true});
  setTimeout(() => done(sum), 300);
})"""

# What axe finds by the rules whose faults are grave; each rule says itself how grave they are.
FAULTS = """grave => axe.run({
  resultTypes: ['violations'],
  rules: Object.fromEntries(axe._audit.rules.filter(rule => !grave.includes(rule.impact))
    .map(rule => [rule.id, {enabled: false}])),
}).then(found => found.violations)"""

# Words of letters that stand on two lines, each with the element that it is in.
TORN = """() => {
  const torn = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement;
    if (parent.closest('script,style,svg') || !parent.checkVisibility()) continue;
    for (const word of node.data.matchAll(/\\p{L}{2,24}/gu)) {
      const range = document.createRange();
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      const lines = new Set([...range.getClientRects()].map(box => Math.round(box.top)));
      const where = `${parent.tagName} ${parent.className}: ${node.data.trim().slice(0, 60)}`;
      if (lines.size > 1) torn.push(`${word[0]} in ${where}`);
    }
  }
  return torn;
}"""


def find() -> str | None:
    """Where a Chromium is, if there is one."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


@contextmanager
def running() -> Iterator[Any]:
    """A headless Chromium, ended afterwards."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=[*FLAGS])
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Seen:
    """What a page did: addresses that it asked for, those refused, and what it complained of."""

    requests: list[str] = field(default_factory=list)
    refused: list[str | None] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


def watch(page: Any) -> Seen:
    """Note from now on what a page asks for and complains of."""
    seen = Seen()
    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("requestfailed", lambda request: seen.refused.append(request.failure))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.on("console", lambda message: seen.complaints.append(message.text))
    return seen


def grave_faults(page: Any) -> list[str]:
    """What axe-core finds on the page that would keep somebody out: rule and first place.

    The copy of axe-core comes with its package; nothing is fetched.
    """
    from axe_playwright_python.sync_playwright import Axe

    page.evaluate(Axe().axe_script)
    found = page.evaluate(FAULTS, GRAVE)
    return [
        f"{fault['id']}: {fault['nodes'][0]['target']} ({len(fault['nodes'])})"
        for fault in found
        if fault["impact"] in GRAVE
    ]
