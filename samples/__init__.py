"""Small pages, scans and old texts, written for this project to test with."""
