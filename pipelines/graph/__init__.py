"""The stages of a run: settings, plans and task bodies."""
