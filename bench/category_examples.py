"""Writes the documents that the shipped models of registers and subjects are trained on, a file for each source.

    python -m bench.category_examples DATA REPOSITORIES FOLDER --texts FILE
    manyo train-categories $(for c in FOLDER/register/*; do echo --category ${c##*/} $c/*.jsonl; done) \\
        --model filters/signals/register.txt
    manyo train-categories $(for c in FOLDER/subject/*; do echo --category ${c##*/} $c/*.jsonl; done) \\
        --model filters/signals/subject.txt

DATA is a folder with `webmix/`, `web/`, `livedoor_news/`, `benchmarks/`, `gold/`, `kokkai/` and
`aozora_catalogue.csv`; REPOSITORIES holds clones of the repositories named below, each in OWNER/NAME; FILE has further
crawled texts as JSON Lines. docs/categories.md says what each is and what is learnt from it.

A category is known from where a document came from: nobody labelled it, except crawled texts, whose kind our readers
noted (`bench/labels/registers.tsv`), and topics of Q&A sites, which one engineer mapped to classes of NDC
(`bench/labels/qa_subjects.tsv`). Documents are drawn by digests of their names, so that the same data give the same
files.
"""

from __future__ import annotations

import argparse
import csv
import html
import json
import re
import subprocess
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from fastwarc.warc import ArchiveIterator, WarcRecordType

import manyo
from bench.json_lines import json_lines
from manyo.corpus.doc_ids import hash_of_text
from manyo.corpus.records import Document, Record
from manyo.corpus.sources import aozora

_LABELS = Path(__file__).parent / "labels"
_LEAST_CHARS = 150
_LEAST_KANA = 0.1
_MOST_CHARS = 6_000

_AOZORA = "aozorahack/aozorabunko_text"
_QA = "FujimotoTakuo/chiebukuro_qa"
_DIET = "kkatodus/kokkai_analysis"
_QA_SITES = {"origin": "chiebukuro", "goo": "goo", "ok": "okwave"}
_WIKIPEDIA = "SkelterLabsInc/JaQuAD"
_MANUALS = {
    "reactjs/ja.react.dev": r"src/content/(reference|learn)/.*\.md$",
    "rust-lang-ja/book-ja": r"^src/.*\.md$",
    "vuejs-translations/docs-ja": r"^src/(guide|api|style-guide|tutorial)/.*\.md$",
}
_HOSTS = {"httpd.apache.org": 70, "sakura-editor.example": 70, "kikyou.info": 70, "law.e-gov.go.jp": 200}
#: Classes of NDC by their first digit, in words of our own.
_SUBJECTS = (
    *("general", "thought", "history", "society", "science"),
    *("technology", "industry", "arts", "language", "literature"),
)
_REGISTER_OF_NDC = {"913": "fiction", "914": "essay", "911": "verse"}
_FOREIGN_NOVELS = ("923", "933", "943", "953", "983", "949")


def drawn(items: Iterable[str], count: int) -> list[str]:
    """As many of the items, by their digests."""
    return sorted(items, key=hash_of_text)[:count]


@dataclass(slots=True)
class Written:
    """The texts of each category and source."""

    texts: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, category: str, source: str, text: str) -> None:
        """Take a text, unless it is short or hardly has kana."""
        text = text.strip()
        kana = sum("ぁ" <= character <= "ヿ" for character in text)
        if len(text) >= _LEAST_CHARS and kana >= _LEAST_KANA * len(text):
            self.texts[category, re.sub(r"[^\w-]+", "_", source)].append(text[:_MOST_CHARS])

    def write(self, folder: Path) -> None:
        """Write a file for each source, in a folder for each category."""
        for (category, source), texts in self.texts.items():
            path = folder / category / f"{source}.jsonl"
            path.parent.mkdir(parents=True, exist_ok=True)
            lines = (json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts)
            path.write_text("".join(lines), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Repository:
    """A clone, bare or not, of which the last commit is read."""

    folder: Path

    def names(self, pattern: str) -> list[str]:
        """Names of the files that match."""
        listed = self._git("ls-tree", "-r", "--name-only", "HEAD").decode("utf-8", "replace")
        return [name for name in listed.split("\n") if re.search(pattern, name)]

    def text(self, name: str) -> str:
        """What a file holds."""
        return self._git("show", f"HEAD:{name}").decode("utf-8", "replace")

    def bytes(self, name: str) -> bytes:
        """What a file holds."""
        return self._git("show", f"HEAD:{name}")

    def _git(self, *arguments: str) -> bytes:
        command = ["git", "-C", str(self.folder), "-c", "core.quotepath=off", *arguments]
        return subprocess.run(command, capture_output=True, check=True).stdout


def _of_markdown(text: str) -> str:
    text = re.sub(r"^---\n.*?\n---\n|```.*?```|<[^>]+>|\{[#:%].*?\}", "", text, flags=re.DOTALL)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"^[#>*\-\s]+", "", text, flags=re.MULTILINE)
    return re.sub(r"\n{2,}", "\n", text.replace("`", "").replace("**", ""))


def _of_html(text: str) -> str:
    return re.sub(r"\n{2,}", "\n", html.unescape(re.sub(r"<(pre|script|style).*?</\1>|<[^>]+>", "", text, flags=re.S)))


def add_news_and_blogs(written: Written, data: Path, clone: Callable[[str], Repository]) -> None:
    """Articles of livedoor by service and of other sites; posts of three blogs."""
    services = defaultdict(list)
    for path in (data / "livedoor_news").glob("*-*.txt"):
        services[re.sub(r"-\d+$", "", path.stem)].append(path.name)
    for service, names in sorted(services.items()):
        for name in drawn(names, 70):
            text = (data / "livedoor_news" / name).read_text(encoding="utf-8")
            written.add("news", f"livedoor {service}", "\n".join(text.split("\n")[2:]))
    gold = {page["url"]: page for page in json_lines(data / "gold" / "extraction" / "gold.jsonl")}
    for url, page in sorted(gold.items()):
        if page["set"] == "news" and not re.search(r"iij\.ad\.jp|sanwa|jvndb", url):
            written.add("news", "news sites", page["text"])
    for url in drawn((url for url, page in gold.items() if page["set"] == "blog"), 100):
        written.add("blog", "keens_github_io", gold[url]["text"])
    posts = json.loads(clone("funatsufumiya/hatenablog_exported_articles").text("articles.json"))["articles"]
    for body in drawn((_of_html(post.get("body") or "") for post in posts), 140):
        written.add("blog", "funatsufumiya", body)
    azu = clone("azu/azu.github.io")
    for name in drawn(azu.names(r"^_posts/.*\.md$"), 140):
        written.add("blog", "azu", _of_markdown(azu.text(name)))


def add_reference(written: Written, data: Path, clone: Callable[[str], Repository]) -> None:
    """Paragraphs of Wikipedia, manuals, statutes, and speeches of the Diet."""
    taken: set[str] = set()
    valid = (data / "benchmarks" / "jsquad-v1.3-valid-v1.3.json").read_text(encoding="utf-8")
    _add_articles(written, "jsquad", json.loads(valid)["data"], taken)
    jaquad = clone(_WIKIPEDIA)
    for name in jaquad.names(r"jaquad_(train|dev)_\d+\.json$")[:14]:
        _add_articles(written, "jaquad", json.loads(jaquad.text(name))["data"], taken)
    for repository, pattern in _MANUALS.items():
        manual = clone(repository)
        for name in drawn(manual.names(pattern), 120):
            written.add("manual", repository, _of_markdown(manual.text(name)))
    for url, text in _pages(data / "web" / "japanese-000.warc.gz"):
        host = urlsplit(url).hostname or ""
        if host == "law.e-gov.go.jp":
            written.add("statute", f"statutes {hash_of_text(url) % 8}", text)
        else:
            written.add("manual", host, text)
    speeches = json.loads((data / "kokkai" / "speeches.json").read_text(encoding="utf-8"))["speeches"]
    for speech in speeches[:60]:
        written.add("minutes", "diet site", speech["speech_text"])
    diet = clone(_DIET)
    for name in drawn(diet.names(r"^api/data_repr_speeches/.*opinions\.json$"), 160):
        found = json.loads(diet.text(name) or "{}")
        for speech in found.get("speeches", [])[:4] if isinstance(found, dict) else ():
            parts = [part.strip() for part in speech.get("extracted_opinions", [])]
            written.add("minutes", f"diet {name.split('/')[2]}", "\n".join(parts))


def _add_articles(written: Written, source: str, articles: list[dict[str, object]], taken: set[str]) -> None:
    paragraphs: dict[str, list[str]] = defaultdict(list)
    for article in articles:
        for paragraph in article["paragraphs"]:  # type: ignore[attr-defined]
            context = re.sub(r"^.*?\[SEP\]", "", paragraph["context"]).strip()
            if context not in paragraphs[str(article["title"])]:
                paragraphs[str(article["title"])].append(context)
    for title in drawn(paragraphs.keys() - taken, 300 if source == "jsquad" else 24):
        taken.add(title)
        written.add("encyclopedia", source, "\n".join(paragraphs[title][:3]))


def _pages(archive: Path) -> Iterator[tuple[str, str]]:
    """Address and main text of a few pages of each of `_HOSTS`, which the digest of the address picks."""
    found: dict[str, list[tuple[int, str, bytes]]] = defaultdict(list)
    with archive.open("rb") as stream:
        for record in ArchiveIterator(stream, record_types=WarcRecordType.response):
            url = record.headers.get("WARC-Target-URI") or ""
            host = urlsplit(url).hostname or ""
            if host in _HOSTS:
                found[host].append((hash_of_text(url), url, record.reader.read()))
    for host, pages in sorted(found.items()):
        for _, url, page in sorted(pages)[: _HOSTS[host]]:
            yield url, manyo.extract(page, url).text


def add_crawled(written: Written, data: Path, texts: Path | None, clone: Callable[[str], Repository]) -> None:
    """Crawled texts whose kind our readers noted, and questions and answers of three sites."""
    crawled = {text["id"]: (text["source"], text["text"]) for text in json_lines(data / "webmix" / "texts.jsonl")}
    for text in json_lines(texts) if texts else ():
        crawled[f"{hash_of_text(text['text']):016x}"] = ("oscar", text["text"])
    with (_LABELS / "registers.tsv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if row["id"] in crawled:
                source, text = crawled[row["id"]]
                written.add(row["register"], f"crawl {source}", text)
    per_site: Counter[str] = Counter()
    for site, _, text in _answers(clone(_QA), 3):
        per_site[site] += 1
        if per_site[site] <= 250:
            written.add("qa", site, text)


def _answers(repository: Repository, of_topic: int) -> Iterator[tuple[str, str, str]]:
    """Site, topic and text of a few questions and answers of each topic, in the order of their digests."""
    found = []
    for name in repository.names(r"^(goo|ok|origin)/(answer|question)_"):
        parts = re.match(r"(goo|ok|origin)/(?:answer|question)_(.*?)(?:_.*)?\.txt$", name)
        if parts and "mecab" not in name:
            lines = (line.strip() for line in repository.text(name).split("\n"))
            texts = drawn((line for line in lines if 120 <= len(line) <= 2_000), of_topic)
            found += [(_QA_SITES[parts[1]], parts[2].split(" ")[0], text) for text in texts]
    yield from sorted(found, key=lambda one: hash_of_text(one[2]))


def add_works(registers: Written, subjects: Written, data: Path, clone: Callable[[str], Repository]) -> None:
    """Works of Aozora Bunko that are in one class of NDC: the beginning for it, a passage for the register."""
    bunko = clone(_AOZORA)
    files = defaultdict(list)
    for name in bunko.names(r"^cards/\d+/files/\d+_.*\.txt$"):
        files[int(re.findall(r"/files/(\d+)_", name)[0])].append(name)
    with (data / "aozora_catalogue.csv").open(encoding="utf-8") as file:
        works = sorted(csv.DictReader(file), key=lambda work: hash_of_text(work["url"]))
    taken: Counter[tuple[str, str]] = Counter()
    for work in works:
        sections = [section for _, section in re.findall(r"(K?)(\d{3})", work["ndc"])]
        classes = {section[0] for section in sections}
        if len(classes) != 1 or int(work["card"]) not in files:
            continue
        subject = _SUBJECTS[int(sections[0][0])]
        register = "fiction" if sections[0] in _FOREIGN_NOVELS else _REGISTER_OF_NDC.get(sections[0], "")
        wanted = {
            subject: taken[subject, work["person"]] < (4 if subject == "literature" else 40),
            register: len(sections) == 1 and taken[register, work["person"]] < (8 if register == "verse" else 4),
        }
        if not wanted[subject] and not (register and wanted[register]):
            continue
        name = min(files[int(work["card"])])
        outcome = aozora.parse(Record(name, 0, name, bunko.bytes(name)), aozora.Options())
        if not isinstance(outcome, Document):
            continue
        source = f"aozora {work['person']}"
        if wanted[subject]:
            taken[subject, work["person"]] += 1
            subjects.add(subject, source, outcome.text)
        if register and wanted[register]:
            taken[register, work["person"]] += 1
            start = hash_of_text(name) % max(1, min(len(outcome.text), 30_000) - 4_000)
            length = (600, 1_500, 4_000)[hash_of_text(work["url"]) % 3]
            registers.add(register, source, outcome.text[outcome.text.find("\n", start) + 1 :][:length])


def add_topics(subjects: Written, registers: Written, clone: Callable[[str], Repository]) -> None:
    """Questions and answers by topic, two at a time, each site in forty sources; statutes and minutes of society."""
    with (_LABELS / "qa_subjects.tsv").open(encoding="utf-8") as file:
        rows = csv.DictReader(file, delimiter="\t")
        subject_of = {topic: row["subject"] for row in rows for topic in row["categories"].split()}
    groups = defaultdict(list)
    for site, topic, text in _answers(clone(_QA), 25):
        if topic in subject_of:
            groups[subject_of[topic], site, topic].append(text)
    taken: Counter[tuple[str, str]] = Counter()
    pairs = sorted(
        (hash_of_text(pair[0]), subject, site, "\n".join(pair))
        for (subject, site, _), texts in groups.items()
        for pair in zip(texts[::2], texts[1::2], strict=False)
    )
    for drawn_by, subject, site, text in pairs:
        taken[subject, site] += 1
        if taken[subject, site] <= 250:
            subjects.add(subject, f"qa {site} {drawn_by % 40}", text)
    for (register, source), texts in registers.texts.items():
        if register in ("statute", "minutes"):
            for text in texts:
                subjects.add("society", source, text)


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("data", "repositories", "folder"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--texts", type=Path)
    options = parser.parse_args()

    def clone(name: str) -> Repository:
        return Repository(options.repositories / name)

    registers, subjects = Written(), Written()
    add_news_and_blogs(registers, options.data, clone)
    add_reference(registers, options.data, clone)
    add_crawled(registers, options.data, options.texts, clone)
    add_works(registers, subjects, options.data, clone)
    add_topics(subjects, registers, clone)
    for name, written in (("register", registers), ("subject", subjects)):
        written.write(options.folder / name)
        counts: Counter[str] = Counter()
        for (category, _), texts in written.texts.items():
            counts[category] += len(texts)
        print(name, *(f"{category} {count}" for category, count in sorted(counts.items())), sep="  ")


if __name__ == "__main__":
    main()
