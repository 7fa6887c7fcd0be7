import pytest

from manyo.dedup.settings import Alarms, Dedup


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
        ({"min_containment": 0.0}, "dedup.min_containment"),
        ({"shingle_chars": 5, "min_chars": 4}, "dedup.min_chars"),
        ({"min_chars": 100, "max_shingled_chars": 99}, "dedup.max_shingled_chars"),
        ({"max_compared_shingles": 0}, "dedup.max_compared_shingles"),
        ({"survivor_order": ("longest", "longest")}, "dedup.survivor_order"),
        ({"survivor_order": ("newest", "oldest")}, "dedup.survivor_order"),
        ({"survivor_order": ("highest", "lowest"), "survivor_signal": "char_count"}, "dedup.survivor_order"),
        ({"survivor_order": ("highest",)}, "dedup.survivor_signal"),
        ({"survivor_signal": "char_count"}, "dedup.survivor_signal"),
        ({"survivor_order": ("source",)}, "dedup.source_priority"),
        ({"same_address": "newest", "index": True}, "dedup.same_address"),
        ({"within_sources": True, "index": True}, "dedup.within_sources"),
        ({"same_address": "longest", "against": ("out/index-0123abcd/index",)}, "dedup.same_address"),
        ({"source_priority": ("web",)}, "dedup.source_priority"),
    ],
)
def test_a_setting_out_of_range_is_named(wrong, named):
    with pytest.raises(ValueError, match=named):
        Dedup(**wrong)


@pytest.mark.parametrize("wrong", [{"min_documents": 0}, {"max_source_loss": 1.5}, {"max_host_loss": -0.1}])
def test_an_alarm_out_of_range_is_named(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Alarms(**wrong)
