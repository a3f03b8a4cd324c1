"""In: the tables and notebooks. Out: the pictures of the READMEs, docs/*.png.

python -m tests.pictures     (after: python -m analysis build; needs Chromium)
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from analysis import figures, load, paths, topics
from analysis.present import evidence
from tests import browser, test_lab

DOCS = paths.ROOT / "docs"


def shoot(page: browser.Page, name: str) -> None:
    """Save the window at a palette of 64 colours, so that the file stays small."""
    from PIL import Image

    file = DOCS / f"{name}.png"
    page.picture(file)
    Image.open(file).convert("RGB").quantize(64).save(file, optimize=True)
    print(file, file.stat().st_size)


def main() -> None:
    """Make all pictures."""
    DOCS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        site = evidence.write(paths.TABLES, folder / "evidence").index
        lda = topics.fit(load.items(role="problems"), 4, seed=20240601, min_df=1)
        view = folder / "topics.html"
        view.write_text(figures.topic_view(lda, load.reports(), lang="zh").html, encoding="utf-8")
        with browser.open_browser(folder) as page:
            page.size(1200, 700)
            found = load.indicators(indicator="head_appearance_rate").iloc[0]
            page.go(f"{(site.parent / 'reports').as_uri()}/{found['report_id']}.html#c{found['start']}-{found['end']}")
            time.sleep(1)
            shoot(page, "evidence")
            page.go(view)
            time.sleep(1)
            shoot(page, "topics")
            with test_lab.serve(folder / "lab") as server:
                page.size(1200, 900)
                test_lab.run_all(page, server, "00_start.ipynb")
                for _ in range(2):  # what stands above grows while it is drawn
                    page.run("document.querySelector('.jp-OutputArea iframe').scrollIntoView({block: 'end'})")
                    time.sleep(2)
                shoot(page, "lab")
                test_lab.leave(page)


if __name__ == "__main__":
    if not (paths.TABLES / "text").exists():
        subprocess.run([sys.executable, "-m", "analysis", "build"], cwd=paths.ROOT, check=True)
    main()
