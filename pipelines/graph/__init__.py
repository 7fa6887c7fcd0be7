"""The stages of a run: settings, shapes and task bodies."""
