"""From signatures to pairs that may be near duplicates, and to their connected components."""
