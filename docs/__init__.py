"""The documentation, and the generator of the pages that follow from the code."""
