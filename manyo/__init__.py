"""manyo 万葉: Japanese web crawls and licensed Japanese text into explainable training data.

The packages below lie at the top of the repository and are linked here, so that nothing but `manyo` is installed
(`docs/decisions/0015-one-import-name.md`).
"""

from importlib.metadata import version

__version__ = version("manyo")
