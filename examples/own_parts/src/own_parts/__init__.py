"""Parts of a package of its own that runs of manyo use by name."""
