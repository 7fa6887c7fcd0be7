"""Packs the sample publications in the formats in which the National Diet Library delivers OCR text.

    python samples/ndl/pack_ndl.py FOLDER

`pages/` holds NDLOCR page XML, unchanged; `99000002/` holds the printed lines of a second publication, one page per
file, which become a full-text package `99000002_fulltext.zip`. Both publications are invented for this project.
"""

from __future__ import annotations

import io
import json
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
PACKAGE_PID = "99000002"

# Vertical print: lines from right to left, 30 pixels per character.
PAGE_WIDTH, MARGIN_TOP, MARGIN_RIGHT = 1100, 120, 80
CHAR_SIZE, LINE_PITCH = 30, 52


def pack(folder: Path) -> list[Path]:
    """Write the packages and pages into a folder; files with the right bytes are not written again.

    The bytes are always the same, and so is the corpus made from them.

    Returns:
        The files, in order.
    """
    folder.mkdir(parents=True, exist_ok=True)
    contents = {page.name: page.read_bytes() for page in sorted((HERE / "pages").glob("*.xml"))}
    contents[f"{PACKAGE_PID}_fulltext.zip"] = _package(PACKAGE_PID)
    paths = []
    for name, data in contents.items():
        path = folder / name
        if not path.exists() or path.read_bytes() != data:
            path.write_bytes(data)
        paths.append(path)
    return paths


def _package(pid: str) -> bytes:
    """Return a full-text package: text and line boxes of each page, and both once more for the whole."""
    entries: list[tuple[str, str]] = []
    texts: list[tuple[int, str]] = []
    for source in sorted((HERE / pid).glob("*.txt")):
        printed_lines = source.read_text(encoding="utf-8").splitlines()
        text = "".join(line.strip("　") for line in printed_lines)
        entries.append((f"{pid}_{source.stem}.txt", text))
        entries.append((f"{pid}_{source.stem}.json", json.dumps(_boxes(printed_lines), ensure_ascii=False)))
        texts.append((int(source.stem), text))
    entries.append((f"{pid}.txt", "".join(text for _, text in texts)))
    whole = [{"id": f"{pid}_{page}", "page": page, "contents": text} for page, text in texts]
    entries.append((f"{pid}.jsonl", "".join(json.dumps(page, ensure_ascii=False) + "\n" for page in whole)))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in entries:
            # A fixed date, so that every packing gives the same bytes.
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _boxes(printed_lines: list[str]) -> list[dict[str, int | str]]:
    """Return the lines as the recogniser sees them: an indent is a place on the page, not a character."""
    boxes: list[dict[str, int | str]] = []
    for number, line in enumerate(printed_lines):
        text = line.strip("　")
        right = PAGE_WIDTH - MARGIN_RIGHT - number * LINE_PITCH
        top = MARGIN_TOP + (len(line) - len(line.lstrip("　"))) * CHAR_SIZE
        box: dict[str, int | str] = {"id": number, "contenttext": text, "xmin": right - CHAR_SIZE, "ymin": top}
        boxes.append(box | {"xmax": right, "ymax": top + len(text) * CHAR_SIZE})
    return boxes


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python samples/ndl/pack_ndl.py FOLDER")
    for written in pack(Path(sys.argv[1])):
        print(written)
