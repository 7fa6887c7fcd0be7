"""From the bytes of a web page to its main text, its encoding and what it states about itself."""
