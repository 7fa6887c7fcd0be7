"""Templates: texts that many documents share but for a name, a place or a number put in."""
