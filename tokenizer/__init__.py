"""Text to training shards: train a model, encode, pack, read back."""
