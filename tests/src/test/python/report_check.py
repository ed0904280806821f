"""Opens the report of a run in headless Chromium and looks at what its scripts made of it.

usage: report_check.py RUN [CHROMIUM]     RUN: a run folder with report.html; CHROMIUM: the browser's command

Needs a Chromium or Chrome and nothing else. Prints a line per check and 'N passed, N failed' at the end. Exit code 0 with
a line 'skipped: ...' where there is no browser.
"""

import html
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from checks import check, finish

BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    "--virtual-time-budget=5000",
]

# Appended to a copy of the page. It writes what it finds into the document, where --dump-dom shows it. The policy of the
# page allows inline scripts, so that nothing else has to change.
FIRST = """<script>
var faults = [];
window.addEventListener('error', event => faults.push(event.message || 'a resource did not load'), true);
window.addEventListener('unhandledrejection', event => faults.push(String(event.reason)));
document.addEventListener('securitypolicyviolation', event => faults.push('blocked: ' + event.blockedURI));
</script>"""
LAST = """<script>
window.addEventListener('load', () => setTimeout(() => {
  const canvas = document.getElementById('plane');
  const found = {faults: faults, script: document.documentElement.dataset.script || '',
    fetched: performance.getEntriesByType('resource').map(entry => entry.name).filter(name => !name.startsWith('data:')),
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    queries: document.querySelectorAll('.query[data-query]').length, clipped: 0, inked: 0, tip: '', hover: '', left: false, classes: 0};
  for (const text of document.querySelectorAll('.chart text')) {
    const box = text.getBoundingClientRect();
    const chart = text.closest('svg').getBoundingClientRect();
    if (box.left < chart.left - 1 || box.right > chart.right + 1) found.clipped++;
  }
  if (canvas) {
    found.classes = document.getElementById('class').options.length - 1;
    const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    for (let i = 3; i < pixels.length; i += 4) if (pixels[i]) found.inked++;
    const box = canvas.getBoundingClientRect();
    const tip = document.getElementById('tip');
    const search = (event, pointerType) => {
      for (let y = 0; y < box.height; y += 12) {
        for (let x = 0; x < box.width; x += 12) {
          canvas.dispatchEvent(new PointerEvent(event, {clientX: box.left + x, clientY: box.top + y, pointerType: pointerType}));
          if (!tip.hidden) return;
        }
      }
    };
    search('pointerdown', 'touch');
    found.tip = tip.textContent;
    canvas.dispatchEvent(new PointerEvent('pointerleave', {pointerType: 'mouse'}));
    found.left = tip.hidden;
    search('pointermove', 'mouse');
    const picture = tip.querySelector('i.p');
    found.hover = tip.hidden || !picture || getComputedStyle(picture).backgroundImage === 'none' ? '' : tip.textContent;
    document.getElementById('pictures').click();
    document.getElementById('in').click();
  }
  document.body.dataset.found = JSON.stringify(found);
}, 1000));
</script>"""


def dump(browser, page, width):
    """What the scripts left in the document."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        copy = pathlib.Path(folder) / "report.html"
        copy.write_text(page.replace("</title>", "</title>" + FIRST, 1).replace("</body>", LAST + "</body>", 1), "utf-8")
        dom = subprocess.run(
            [browser, *FLAGS, f"--user-data-dir={folder}/profile", f"--window-size={width},900", "--dump-dom", copy.as_uri()],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=True,
        ).stdout
    found = re.search(r'data-found="([^"]*)"', dom)
    return json.loads(html.unescape(found.group(1))) if found else None


def main(run, browser=None):
    browser = browser or next((each for each in map(shutil.which, BROWSERS) if each), None)
    if browser is None:
        print("skipped: no Chromium found; name one as the second argument")
        return 0
    file = pathlib.Path(run) / "report.html"
    page = file.read_text("utf-8")
    check("the file is below 5 MB", file.stat().st_size < 5_000_000, f"{file.stat().st_size / 1e6:.1f} MB")
    check("it names no address outside itself", not re.search(r"""(src|href)=["'](?!#|data:)|https?://""", page))
    queries = len(re.findall(r"data-query=", page))
    for width in (1200, 500):
        found = dump(browser, page, width)
        check(f"{width} px: the scripts ran to their end", found is not None and found["script"] == "ran")
        if found is None:
            continue
        check(f"{width} px: without an error", found["faults"] == [], str(found["faults"] or ""))
        check(f"{width} px: nothing was fetched", found["fetched"] == [], str(found["fetched"] or ""))
        check(f"{width} px: the page does not scroll sideways", found["overflow"] <= 0, f"by {found['overflow']} px")
        check(f"{width} px: all queries are there", found["queries"] == queries > 0, f"{found['queries']}")
        check(f"{width} px: no label of a chart is cut off", found["clipped"] == 0)
        if 'id="plane"' in page:
            check(f"{width} px: the map is drawn", found["inked"] > 500, f"{found['inked']} pixels")
            check(f"{width} px: a tap names the class", "nearest" in found["tip"], found["tip"])
            check(f"{width} px: pointing at an image shows it and its class", "nearest" in found["hover"], found["hover"])
            check(f"{width} px: what was shown goes when the pointer leaves", found["left"])
            check(f"{width} px: classes can be chosen", found["classes"] > 1, f"{found['classes']}")
    return finish()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
