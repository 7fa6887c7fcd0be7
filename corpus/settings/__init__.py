"""Settings: from the bytes of a TOML file to frozen dataclasses, or to every fault of the file with its line."""
