"""`python -m manyo.pipelines` is `manyo`."""

from manyo.pipelines.cli import run_and_exit

if __name__ == "__main__":
    run_and_exit()
