"""Which documents of a component repeat which, and which one stays."""
