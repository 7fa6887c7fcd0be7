import pytest

from dedup.settings import Dedup


def test_a_signature_has_bands_times_rows_values():
    assert Dedup(bands=5, rows=3).permutations == 15


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"shingle_chars": 0}, "dedup.shingle_chars"),
        ({"bands": 0}, "dedup.bands"),
        ({"rows": -1}, "dedup.rows"),
        ({"max_survivors_per_candidate": 0}, "dedup.max_survivors_per_candidate"),
        ({"min_similarity": 0.0}, "dedup.min_similarity"),
        ({"min_similarity": 1.1}, "dedup.min_similarity"),
        ({"shingle_chars": 5, "min_chars": 4}, "dedup.min_chars"),
        ({"min_chars": 100, "max_shingled_chars": 99}, "dedup.max_shingled_chars"),
    ],
)
def test_a_setting_out_of_range_is_named(wrong, named):
    with pytest.raises(ValueError, match=named):
        Dedup(**wrong)
