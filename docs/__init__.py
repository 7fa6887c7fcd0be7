"""The documentation, and the generator of the pages that restate the code."""
