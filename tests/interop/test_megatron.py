"""Megatron's own code writes the same bytes, reads our shards, and trains on them."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

import numpy as np
import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from hypothesis import given, settings
from hypothesis import strategies as st
from sentencepiece import SentencePieceProcessor

from manyo.corpus.text import tidy
from manyo.pipelines.commands.mix import data_arguments, plan_mix
from manyo.pipelines.commands.mix_parts import CountedShard
from manyo.tokenizer.cache_writing import write_caches
from manyo.tokenizer.encode import UINT16_VOCABULARY_LIMIT, Tokenizer, token_dtype
from manyo.tokenizer.megatron_order import Sampling
from manyo.tokenizer.mixture import Mix, MixSource
from manyo.tokenizer.reader import TokenShard
from manyo.tokenizer.train import TrainTokenizer, train
from manyo.tokenizer.training_order import DataBlend, TrainingOrder
from tests.tokenizer.conftest import VOCABULARY_SIZE, sentences_to_train_on
from tests.tokenizer.shards import write_token_shard

# What these packages warn of while they are imported (deprecations, no GPU) says nothing about our shards.
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    torch = pytest.importorskip("torch", reason="torch is not installed: see make test-interop")
    pytest.importorskip("megatron.core", reason="megatron-core is not installed: see make test-interop")
    from megatron.core.datasets.blended_megatron_dataset_builder import BlendedMegatronDatasetBuilder
    from megatron.core.datasets.gpt_dataset import GPTDataset, GPTDatasetConfig
    from megatron.core.datasets.indexed_dataset import DType, IndexedDataset, IndexedDatasetBuilder
    from megatron.core.datasets.utils import get_blend_from_list

    from examples import train_tiny

pytestmark = pytest.mark.filterwarnings("default")

EOD = 2

#: Pages are cut here, so that the test takes seconds for each model.
PAGE_BYTES = 10_000


def write_with_megatron(prefix: Path, documents: list[list[int]], dtype: np.dtype) -> None:
    builder = IndexedDatasetBuilder(f"{prefix}.bin", dtype=dtype.type)
    for document in documents:
        builder.add_document(torch.tensor(document, dtype=torch.int64), [len(document)])
    builder.finalize(f"{prefix}.idx")


def write_ours(prefix: Path, documents: list[list[int]], dtype: np.dtype) -> None:
    ids = np.array([token for document in documents for token in document], dtype)
    lengths = np.array([len(document) for document in documents], np.int64)
    write_token_shard(f"{prefix}.bin", f"{prefix}.idx", dtype, [(ids, lengths)])


def both_files(prefix: Path) -> tuple[bytes, bytes]:
    return Path(f"{prefix}.bin").read_bytes(), Path(f"{prefix}.idx").read_bytes()


@settings(max_examples=60, deadline=None)
@given(
    documents=st.lists(st.lists(st.integers(0, UINT16_VOCABULARY_LIMIT - 1), max_size=8), max_size=12),
    vocabulary_size=st.sampled_from([1000, UINT16_VOCABULARY_LIMIT - 1, UINT16_VOCABULARY_LIMIT, 196_608]),
)
def test_megatron_writes_the_same_bytes(documents: list[list[int]], vocabulary_size: int) -> None:
    dtype = token_dtype(vocabulary_size)
    assert dtype == DType.optimal_dtype(vocabulary_size)
    with TemporaryDirectory() as folder:
        write_with_megatron(Path(folder) / "theirs", documents, dtype)
        write_ours(Path(folder) / "ours", documents, dtype)
        assert both_files(Path(folder) / "ours") == both_files(Path(folder) / "theirs")


@settings(max_examples=30, deadline=None)
@given(documents=st.lists(st.lists(st.integers(0, 999), min_size=1, max_size=8), min_size=1, max_size=12))
def test_megatron_reads_our_shards_and_we_read_theirs(documents: list[list[int]]) -> None:
    dtype = token_dtype(1000)
    with TemporaryDirectory() as folder:
        write_ours(Path(folder) / "ours", documents, dtype)
        dataset = IndexedDataset(str(Path(folder) / "ours"))
        assert [dataset[row].tolist() for row in range(len(dataset))] == documents
        assert dataset.document_indices.tolist() == list(range(len(documents) + 1))
        write_with_megatron(Path(folder) / "theirs", documents, dtype)
        shard = TokenShard.open(Path(folder) / "theirs")
        assert [shard.document(row).tolist() for row in range(len(shard))] == documents


@pytest.fixture(scope="module")
def real_texts() -> list[str]:
    """More than 10,000 real texts, tidied as documents are: pages of many languages as they were sent, news, books."""
    data = os.environ.get("MANYO_DATA")
    if not data:
        pytest.skip("MANYO_DATA is not set: it names a folder of real texts and tokenizer models")
    pages: list[str] = []
    for path in sorted(Path(data, "web").glob("*.warc.gz")):
        with path.open("rb") as stream:
            for record in ArchiveIterator(stream, record_types=WarcRecordType.response):
                pages.append(record.reader.read(PAGE_BYTES).decode("utf-8", "replace"))
    news = (path.read_text("utf-8") for path in sorted(Path(data, "livedoor_news").glob("*.txt")))
    books = (path.read_bytes().decode("cp932", "replace") for path in sorted(Path(data, "aozora").glob("*.txt")))
    texts = [tidy(text) for text in (*pages, *news, *books)]
    assert len(texts) > 10_000
    return texts


@pytest.mark.parametrize(
    "name",
    ["code10K_en20K_ja30K.ver2.2", "llm-jp-tokenizer-100k.ver3.1", "llm-jp-tokenizer_ver4.0_alpha1.0"],
)
def test_real_texts_give_the_bytes_of_megatron_and_come_back(tmp_path: Path, real_texts: list[str], name: str) -> None:
    model = f"{os.environ['MANYO_DATA']}/tokenizer/{name}.model"
    tokenizer = Tokenizer.load(model)
    batches = (tokenizer.encode_batch(real_texts[low : low + 64]) for low in range(0, len(real_texts), 64))
    write_token_shard(tmp_path / "ours.bin", tmp_path / "ours.idx", tokenizer.dtype, batches)
    # As Megatron's preprocess_data does it: one text, one list of ids, one document.
    processor = SentencePieceProcessor(model_file=model)
    builder = IndexedDatasetBuilder(f"{tmp_path}/theirs.bin", dtype=tokenizer.dtype.type)
    for text in real_texts:
        ids = [*processor.encode(text), processor.eos_id()]
        builder.add_document(torch.tensor(ids, dtype=torch.int64), [len(ids)])
    builder.finalize(f"{tmp_path}/theirs.idx")
    assert both_files(tmp_path / "ours") == both_files(tmp_path / "theirs")

    read = IndexedDataset(str(tmp_path / "ours"))
    decoded = [tokenizer.decode_batch(read[row], np.array([len(read[row])]))[0] for row in range(len(real_texts))]
    differ = [(text, back) for text, back in zip(real_texts, decoded, strict=True) if text != back]
    # SentencePiece's own mark for a space comes back as a space: see docs/decisions/0014-space-mark.md.
    assert [text for text, back in differ if text.replace("\u2581", " ") != back] == []
    assert len(differ) < len(real_texts) / 1000


def test_megatron_parses_the_blend_that_mix_writes() -> None:
    mix = Mix((MixSource("a", repeats=2.0), MixSource("b", weight=1.0)), target_tokens=1000)
    shards = {"a": [CountedShard("/x/0", 100), CountedShard("/x/1", 50)], "b": [CountedShard("/y/0", 10)]}
    arguments = data_arguments(plan_mix(mix, shards)).split()
    assert get_blend_from_list(arguments) == (["/x/0", "/x/1", "/y/0"], [200.0, 100.0, 700.0])


def test_the_example_learns_from_a_mixture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = tmp_path / "tiny.model"
    train(
        sentences_to_train_on(),
        TrainTokenizer(vocabulary_size=VOCABULARY_SIZE, word_boundaries="off", threads=1),
        model,
    )
    tokenizer = Tokenizer.load(str(model))
    shards = {}
    for name, texts in (("a", sentences_to_train_on()[:40]), ("b", sentences_to_train_on()[40:])):
        ids, lengths = tokenizer.encode_batch(texts * 20)
        prefix = tmp_path / name
        counts = write_token_shard(f"{prefix}.bin", f"{prefix}.idx", tokenizer.dtype, [(ids, lengths)])
        shards[name] = [CountedShard(str(prefix), counts.tokens)]
    mix = Mix((MixSource("a", weight=1.0), MixSource("b", weight=2.0)), target_tokens=1_000_000)
    (tmp_path / "data_args.txt").write_text(data_arguments(plan_mix(mix, shards)), encoding="utf-8")
    losses = train_tiny.main(str(model), str(tmp_path / "data_args.txt"), 12)
    assert losses[-1] < 0.8 * losses[0]
    assert "tokens/s" in capsys.readouterr().out


class _Vocabulary:
    """What GPTDataset asks of a tokenizer."""

    eod = EOD
    vocab_size = 64
    unique_identifiers = {"class": "test"}  # noqa: RUF012


def test_a_tiny_model_learns_from_our_shards_through_gptdataset(tmp_path: Path) -> None:
    torch.manual_seed(0)
    # Each document counts up from a random start, so the next token follows from the last.
    starts = np.random.default_rng(0).integers(3, 40, 200)
    documents = [[*range(start, start + 20), EOD] for start in starts.tolist()]
    write_ours(tmp_path / "counting", documents, token_dtype(_Vocabulary.vocab_size))
    config = GPTDatasetConfig(
        random_seed=1,
        sequence_length=32,
        blend=([str(tmp_path / "counting")], None),
        split="1,0,0",
        path_to_cache=str(tmp_path / "cache"),
        tokenizer=_Vocabulary(),
        reset_position_ids=False,
        reset_attention_mask=False,
        eod_mask_loss=False,
        create_attention_mask=False,
    )
    train, _, _ = BlendedMegatronDatasetBuilder(GPTDataset, [256, 0, 0], lambda: True, config).build()
    loader = torch.utils.data.DataLoader(train, batch_size=16)
    model = torch.nn.Sequential(torch.nn.Embedding(64, 32), torch.nn.Linear(32, 64))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    losses = []
    for batch in loader:
        loss = torch.nn.functional.cross_entropy(model(batch["tokens"]).flatten(0, 1), batch["labels"].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert len(losses) >= 16
    assert losses[-1] < losses[0] / 2


class DescribedTokenizer:
    """What Megatron's data sets ask of a tokenizer."""

    unique_identifiers: ClassVar = {"class": "Tokenizer", "tokenizer_path": ["/models/日本語.model"], "vocab": "1000"}
    vocab_size, eod, eos, pad = 1000, EOD, EOD, 0


@pytest.fixture(scope="module")
def process_group() -> Iterator[None]:
    """Megatron-core before 0.18 makes the cache of a blend on the first process of a group only."""
    torch.distributed.init_process_group("gloo", init_method="tcp://127.0.0.1:0", rank=0, world_size=1)
    yield
    torch.distributed.destroy_process_group()


@pytest.mark.parametrize(
    ("weights", "n_shards", "is_whole", "samples"),
    [
        (None, 1, False, 40),
        (None, 1, True, 500),
        ((2.0,), 1, False, 300),
        ((1.0, 2.0, 3.0), 3, False, 400),
        ((1.0, 2.0, 3.0), 3, True, 700),
        (None, 3, False, 90),
        (None, 3, True, 90),
    ],
)
def test_megatron_writes_the_caches_that_we_write(
    tmp_path: Path,
    process_group: None,
    weights: tuple[float, ...] | None,
    n_shards: int,
    is_whole: bool,
    samples: int,
) -> None:
    rng = np.random.default_rng(7)
    prefixes = [str(tmp_path / f"shard{number}") for number in range(n_shards)]
    for prefix in prefixes:
        write_ours(Path(prefix), [[1] * int(length) for length in rng.integers(1, 60, 50)], token_dtype(1000))
    blend = (prefixes, list(weights) if weights else None)
    of_parts = {"blend_per_split": [blend, None, None]} if is_whole else {"blend": blend, "split": "90,10"}
    config = GPTDatasetConfig(
        random_seed=1234,
        sequence_length=32,
        path_to_cache=str(tmp_path / "theirs"),
        tokenizer=DescribedTokenizer(),
        reset_position_ids=False,
        reset_attention_mask=False,
        eod_mask_loss=False,
        **of_parts,
    )
    BlendedMegatronDatasetBuilder(GPTDataset, [samples, 5, 0], lambda: True, config).build()
    order = TrainingOrder.plan(
        DataBlend(tuple(prefixes), weights, is_whole), samples, Sampling(32), () if is_whole else (90.0, 10.0, 0.0)
    )
    list(write_caches(order, "90,10", DescribedTokenizer.unique_identifiers, tmp_path / "ours"))
    theirs = {path.name: path.read_bytes() for path in (tmp_path / "theirs").glob("*-train-*")}
    ours = {path.name: path.read_bytes() for path in (tmp_path / "ours").glob("*-train-*")}
    assert ours == theirs
    assert len(ours) == 4 * n_shards + 3 * order.is_blend
