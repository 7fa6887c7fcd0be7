"""Personal information: where it is in a text."""
