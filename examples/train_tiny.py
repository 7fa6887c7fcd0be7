"""Train a tiny model on token shards, through megatron-core's GPTDataset and a PyTorch DataLoader, on a CPU.

    manyo mix --config FILE                       # prints --data-args-path ARGS
    python examples/train_tiny.py MODEL ARGS [STEPS]

MODEL is the tokenizer with which the shards were made, ARGS the file that `manyo mix` wrote (or one you wrote, with
weights and prefixes of Megatron shards). Prints the loss as it falls, and the speed of the loader alone. Needs PyTorch
and megatron-core: `make test-interop` creates an environment with both, `.venv-interop`.
"""

from __future__ import annotations

import sys
import tempfile
import time
import warnings
from itertools import islice
from pathlib import Path

with warnings.catch_warnings():
    # Warnings of these packages at import (deprecations, no GPU) do not matter here.
    warnings.simplefilter("ignore")
    import torch
    from megatron.core.datasets.blended_megatron_dataset_builder import BlendedMegatronDatasetBuilder
    from megatron.core.datasets.gpt_dataset import GPTDataset, GPTDatasetConfig
    from megatron.core.datasets.utils import get_blend_from_list

from manyo.tokenizer.encode import Tokenizer

SEQUENCE_TOKENS = 256
BATCH_SEQUENCES = 8
WIDTH = 128
LOADER_BATCHES = 200


class Vocabulary:
    """The attributes of a tokenizer that GPTDataset reads."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.eod = tokenizer.eod_id
        self.vocab_size = tokenizer.vocabulary_size
        self.unique_identifiers = {"model": tokenizer.digest}


class TinyModel(torch.nn.Module):
    """One causal transformer layer between an embedding and the same embedding."""

    def __init__(self, vocabulary_size: int) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(vocabulary_size, WIDTH)
        self.position = torch.nn.Embedding(SEQUENCE_TOKENS, WIDTH)
        self.layer = torch.nn.TransformerEncoderLayer(WIDTH, 4, 4 * WIDTH, dropout=0.0, batch_first=True)
        torch.nn.init.normal_(self.embedding.weight, std=0.02)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Logits of the token after each one: (batch, tokens, vocabulary)."""
        mask = torch.nn.Transformer.generate_square_subsequent_mask(tokens.shape[1])
        states = self.embedding(tokens) + self.position.weight[: tokens.shape[1]]
        logits: torch.Tensor = self.layer(states, src_mask=mask, is_causal=True) @ self.embedding.weight.T
        return logits


def open_mixture(data_args: str, tokenizer: Tokenizer, samples: int, cache: str) -> torch.utils.data.Dataset:
    """Open the blend of shards that a file of data arguments names, as Megatron itself does."""
    config = GPTDatasetConfig(
        random_seed=1,
        sequence_length=SEQUENCE_TOKENS,
        blend=get_blend_from_list(Path(data_args).read_text("utf-8").split()),
        split="1,0,0",
        path_to_cache=cache,
        tokenizer=Vocabulary(tokenizer),
        reset_position_ids=False,
        reset_attention_mask=False,
        eod_mask_loss=False,
        create_attention_mask=False,
    )
    train, _, _ = BlendedMegatronDatasetBuilder(GPTDataset, [samples, 0, 0], lambda: True, config).build()
    return train


def tokens_per_second(loader: torch.utils.data.DataLoader, batches: int) -> float:
    """Return the speed of the loader when nothing is done with the tokens."""
    started = time.perf_counter()
    tokens = sum(batch["tokens"].numel() for batch in islice(loader, batches))
    return tokens / (time.perf_counter() - started)


def train(model: TinyModel, loader: torch.utils.data.DataLoader, steps: int) -> list[float]:
    """Return the loss of each step."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    losses = []
    for batch in islice(loader, steps):
        logits = model(batch["tokens"])
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), batch["labels"].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def main(model_uri: str, data_args: str, steps: int = 50) -> list[float]:
    """Train, print, and return the losses."""
    torch.manual_seed(0)
    # Megatron asks which process it is before it builds the order of a blend.
    torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
    tokenizer = Tokenizer.load(model_uri)
    with tempfile.TemporaryDirectory() as cache:
        mixture = open_mixture(data_args, tokenizer, BATCH_SEQUENCES * max(steps, LOADER_BATCHES), cache)
        loader = torch.utils.data.DataLoader(mixture, batch_size=BATCH_SEQUENCES)
        print(f"loader: {tokens_per_second(loader, LOADER_BATCHES):,.0f} tokens/s")
        losses = train(TinyModel(tokenizer.vocabulary_size), loader, steps)
    torch.distributed.destroy_process_group()
    for step in sorted({*range(0, steps, max(steps // 10, 1)), steps - 1}):
        print(f"step {step:4}  loss {losses[step]:.3f}")
    return losses


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
