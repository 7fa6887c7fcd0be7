"""From text to training shards: train a model, encode, shuffle, pack, read back."""
