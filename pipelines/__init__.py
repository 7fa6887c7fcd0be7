"""How it runs: the only package that knows the others."""
