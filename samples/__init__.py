"""Pages, scans and old texts of our own writing, small enough to ship and odd enough to test with."""
