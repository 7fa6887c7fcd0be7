"""Write `filters/pii/municipalities.txt` from the postal code data of Japan Post.

    python -m bench.municipalities utf_ken_all.csv

The file is offered at https://www.post.japanpost.jp/zipcode/dl/utf-zip.html (`utf_ken_all.zip`); Japan Post claims no
copyright in it. Municipalities change a few times a year.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

_OUT = Path(__file__).parents[1] / "filters" / "pii" / "municipalities.txt"
_HEADER = """\
# Prefecture and its municipalities, wards of cities each by itself, in the order of JIS X 0402: facts of the postal
# code data of Japan Post of October 2026, in which it claims no copyright. Written by `python -m bench.municipalities`.
"""

#: Columns of the file: code of the municipality (JIS X 0402), prefecture, municipality.
_CODE, _PREFECTURE, _MUNICIPALITY = 0, 6, 7


def main() -> None:
    """Read the file and write the list."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("csv", type=Path)
    with parser.parse_args().csv.open(encoding="utf-8", newline="") as lines:
        rows = sorted({(row[_CODE], row[_PREFECTURE], row[_MUNICIPALITY]) for row in csv.reader(lines)})
    of_prefecture: dict[str, list[str]] = {}
    for _, prefecture, municipality in rows:
        of_prefecture.setdefault(prefecture, []).append(municipality)
    body = "".join("\t".join([prefecture, *names]) + "\n" for prefecture, names in of_prefecture.items())
    _OUT.write_text(_HEADER + body, encoding="utf-8")


if __name__ == "__main__":
    main()
