import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.schema import DOC_ID
from manyo.dedup.numbering import id_heads, ids_as_bytes, ids_to_arrow


@settings(deadline=None, max_examples=50)
@given(st.lists(st.binary(min_size=16, max_size=16)), st.integers(0, 3))
def test_ids_go_to_numpy_and_back_and_sort_alike(ids, cut):
    ids = [*ids, bytes(16), bytes(15) + b"\x01", b"\xff" + bytes(15)]
    column = pa.array(ids, DOC_ID)[cut:]
    assert ids_to_arrow(ids_as_bytes(column)).equals(column)
    assert ids_to_arrow(np.sort(ids_as_bytes(column))).to_pylist() == sorted(ids[cut:])
    assert id_heads(column).tolist() == [int.from_bytes(i[:8], "big") for i in column.to_pylist()]
