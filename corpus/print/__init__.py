"""From the lines and pages of print to running text."""
