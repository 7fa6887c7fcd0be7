import pyarrow as pa

from filters.vocabulary import ERROR_PHRASES, HEAD_CHARS, phrase_fraction


def fractions(*texts: str) -> list[float]:
    return phrase_fraction(pa.array(texts, pa.large_string()), ERROR_PHRASES).tolist()


def test_the_fraction_is_of_characters_in_phrases():
    assert fractions("404 Not Found", "404 Not Found。再読み込みを。", "", "花が咲いた。") == [
        1,
        float(pa.scalar(13 / 21, pa.float32()).as_py()),
        0,
        0,
    ]


def test_an_article_that_mentions_an_error_once_is_hardly_touched():
    article = "昨日はサーバーの設定を直した。" * 40
    assert fractions(article + "404 Not Found と出たからだ。")[0] < 0.03


def test_only_the_beginning_is_searched():
    assert fractions("あ" * HEAD_CHARS + "404 Not Found") == [0]
