"""Build the documentation as a site that works from disk: `python -m docs.site`, or `make site`.

The pages are those that people read in the repository: the two READMEs are the site's first page in two languages, and
`deploy/README.md` is one of its pages. MkDocs checks every link between pages; links to files that are no pages become
their names.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "build" / "site-pages"

_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)")


def pages() -> dict[Path, Path]:
    """The pages of the site: file in the repository → place among the pages."""
    docs = {path: path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")}
    return {
        ROOT / "README.md": Path("index.md"),
        ROOT / "README.ja.md": Path("index.ja.md"),
        ROOT / "deploy" / "README.md": Path("deploy.md"),
    } | docs


def with_links_of_the_site(text: str, page: Path, known: dict[Path, Path]) -> str:
    """A page whose links lead to pages of the site; of links to other files the text stays.

    Raises:
        FileNotFoundError: a link leads to no file.
    """

    def replaced(found: re.Match[str]) -> str:
        label, target = found.groups()
        path, _, anchor = target.partition("#")
        if not path or "://" in path or path.startswith("mailto:"):
            return found[0]
        file = Path(os.path.normpath(page.parent / path))
        if not file.exists():
            raise FileNotFoundError(f"{page.relative_to(ROOT)}: {target} leads to no file")
        if file not in known:
            return label
        place = os.path.relpath(known[file], known[page].parent)
        # A page and its translation have one place; the site chooses by the reader's language.
        return f"[{label}]({place.replace('.ja.md', '.md')}{'#' if anchor else ''}{anchor})"

    return _LINK.sub(replaced, text)


def collect() -> None:
    """Write all pages into one folder."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    known = pages()
    for page, place in known.items():
        (SOURCE / place).parent.mkdir(parents=True, exist_ok=True)
        text = with_links_of_the_site(page.read_text(encoding="utf-8"), page, known)
        (SOURCE / place).write_text(text, encoding="utf-8")


def main() -> int:
    """Collect the pages and build the site into build/site; returns the exit status of MkDocs."""
    collect()
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--quiet",
        "--config-file",
        str(ROOT / "mkdocs.yml"),
    ]
    return subprocess.run(command, check=False, env={**os.environ, "NO_MKDOCS_2_WARNING": "true"}).returncode


if __name__ == "__main__":
    sys.exit(main())
