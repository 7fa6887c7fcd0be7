"""What a run did, as numbers and as a page."""
