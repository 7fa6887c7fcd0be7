"""Small models that are trained on each of several corpora alike: their sizes, steps and arguments for Megatron.

Everything but the corpus is equal: architecture, tokens, batches, learning rate and seeds.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

#: Checkpoints that are evaluated: one every thousand millionth of 29 billion tokens, as FineTasks has them.
CHECKPOINTS = 28

#: Tokens of a sample, in FineTasks and in DataDecide.
SEQ_LENGTH = 2048


@dataclass(frozen=True, slots=True)
class ModelSize:
    """A model and the run that trains it.

    Attributes:
        name: its parameters, with the vocabulary of its source.
        source: who trained such models to choose corpora.
        num_layers, hidden_size, ffn_hidden_size, num_attention_heads: as Megatron names them.
        is_tied: whether input and output share their embeddings.
        global_batch_size: samples of a step.
        lr: the largest learning rate.
        warmup_iters: steps until it is reached, a tenth of the run at most.
        tokens: tokens of a run in the source.
    """

    name: str
    source: str
    num_layers: int
    hidden_size: int
    ffn_hidden_size: int
    num_attention_heads: int
    is_tied: bool
    global_batch_size: int
    lr: float
    warmup_iters: int
    tokens: int

    @property
    def step_tokens(self) -> int:
        """Tokens of a step."""
        return self.global_batch_size * SEQ_LENGTH


_DATA_DECIDE = (
    "DataDecide (Magnusson et al. 2025, arXiv:2504.11393), 100 tokens per parameter; shape, batch and rate of OLMo's "
    "ladder"
)

#: OLMo's ladder: samples of a step are 160 · (n / 108e6)^(2/3), to a multiple of 32, the rate is
#: 0.0047 · (n / 108e6)^(-1/3), and the warm-up one token a parameter, for n = 151,898,880 and 319,980,544 parameters.
#: FineWeb2: `ablations/training/launch_exp.py` of its repository; a step is 64 replicas of 4 batches of 4 samples.
SIZES = {
    size.name: size
    for size in (
        ModelSize("150M", _DATA_DECIDE, 12, 768, 3072, 12, False, 192, 4.2e-3, 386, 15_189_888_000),
        ModelSize("300M", _DATA_DECIDE, 16, 1024, 4096, 16, False, 320, 3.3e-3, 488, 31_998_054_400),
        ModelSize(
            "1.46B",
            "FineTasks (Kydlíček et al. 2024) and FineWeb2 (Penedo et al. 2025, arXiv:2506.20920; "
            "huggingface/fineweb-2, ablations/training/launch_exp.py)",
            14, 2048, 8192, 32, True, 1024, 3e-4, 500, 14_000 * 1024 * SEQ_LENGTH,
        ),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CorpusData:
    """A corpus as Megatron reads it.

    Attributes:
        name: of the corpus in file names and results.
        option: `--data-args-path` or `--per-split-data-args-path`.
        file: the file that the option names.
    """

    name: str
    option: str
    file: str


@dataclass(frozen=True, slots=True)
class Length:
    """How long the models of one size are trained, the same for every corpus.

    Attributes:
        train_iters: steps.
        save_interval: steps between checkpoints.
    """

    train_iters: int
    save_interval: int

    @property
    def checkpoint_steps(self) -> list[int]:
        """The steps at which models are evaluated."""
        return list(range(self.save_interval, self.train_iters + 1, self.save_interval))


def length_of(size: ModelSize, corpora: Mapping[str, int], passes: float) -> Length:
    """The steps of a size: those of its source, or what the smallest corpus has, read `passes` times.

    Args:
        size: the model.
        corpora: tokens of each corpus, by its name.
        passes: how often the smallest corpus may be read.

    Raises:
        ValueError: the smallest corpus has too few tokens for a step before each checkpoint.
    """
    smallest, tokens = min(corpora.items(), key=lambda one: one[1])
    train_iters = min(size.tokens, int(passes * tokens)) // size.step_tokens
    if train_iters < CHECKPOINTS:
        raise ValueError(
            f"{smallest} has {tokens:,} tokens, read {passes:g} times; {size.name} needs "
            f"{CHECKPOINTS * size.step_tokens:,} for {CHECKPOINTS} steps of {size.step_tokens:,}, a checkpoint each; "
            "name a smaller --size, more --passes or a larger corpus"
        )
    save_interval = train_iters // CHECKPOINTS
    return Length(train_iters // save_interval * save_interval, save_interval)


def megatron_arguments(
    size: ModelSize, length: Length, corpus: CorpusData, tokenizer: Sequence[tuple[str, str]], seed: int
) -> str:
    """The arguments of one run for Megatron's `pretrain_gpt.py`, one a line, quoted for a shell and for `xargs -a`.

    What depends on the machine is not among them: micro-batches, parallelism, precision and the folder of checkpoints.

    Args:
        size: the model.
        length: steps.
        corpus: what it reads.
        tokenizer: Megatron's arguments that name the tokenizer.
        seed: of the weights and of the order of samples.
    """
    # The rate falls to a tenth in a cosine, for every size alike, and the optimizer's numbers are the same: in FineWeb2
    # both are so, in OLMo's ladder the latter.
    pairs: list[tuple[str, object]] = [
        ("--num-layers", size.num_layers),
        ("--hidden-size", size.hidden_size),
        ("--ffn-hidden-size", size.ffn_hidden_size),
        ("--num-attention-heads", size.num_attention_heads),
        ("--seq-length", SEQ_LENGTH),
        ("--max-position-embeddings", SEQ_LENGTH),
        ("--position-embedding-type", "rope"),
        ("--normalization", "RMSNorm"),
        ("--attention-dropout", 0),
        ("--hidden-dropout", 0),
        ("--init-method-std", 0.02),
        ("--global-batch-size", size.global_batch_size),
        ("--train-iters", length.train_iters),
        ("--seed", seed),
        ("--lr", size.lr),
        ("--min-lr", size.lr / 10),
        ("--lr-decay-style", "cosine"),
        ("--lr-decay-iters", length.train_iters),
        ("--lr-warmup-iters", min(size.warmup_iters, length.train_iters // 10)),
        ("--weight-decay", 0.1),
        ("--adam-beta1", 0.9),
        ("--adam-beta2", 0.95),
        ("--clip-grad", 1),
        *tokenizer,
        (corpus.option, os.path.abspath(corpus.file)),
        ("--save-interval", length.save_interval),
        ("--eval-interval", length.save_interval),
        # Losses on held-out documents of each corpus itself are not comparable.
        ("--eval-iters", 0),
    ]
    if corpus.option == "--data-args-path":
        pairs.append(("--split", "1,0,0"))
    flags = ["--swiglu", "--disable-bias-linear", *["--untie-embeddings-and-output-weights"] * (not size.is_tied)]
    lines = [f"{name} {shlex.quote(_text(value))}" for name, value in pairs] + flags
    return "".join(f"{line}\n" for line in lines)


def _text(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
