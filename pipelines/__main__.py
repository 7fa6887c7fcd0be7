"""`python -m manyo.pipelines` is `manyo`."""

import sys

from manyo.pipelines.cli import main

if __name__ == "__main__":
    sys.exit(main())
