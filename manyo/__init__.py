"""manyo 万葉: Japanese web crawls and licensed Japanese text into explainable training data.

Single parts are functions of this module, each one call on plain Python values (`manyo.api`); they are loaded when they
are first named, so that `import manyo` is quick. The packages lie at the top of the repository and are linked here, so
that nothing but `manyo` is installed (`docs/decisions/0015-one-import-name.md`).
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from manyo.api import Decoded as Decoded
    from manyo.api import Extracted as Extracted
    from manyo.api import Language as Language
    from manyo.api import PersonalData as PersonalData
    from manyo.api import Run as Run
    from manyo.api import Threshold as Threshold
    from manyo.api import decide as decide
    from manyo.api import decode as decode
    from manyo.api import duplicates as duplicates
    from manyo.api import extract as extract
    from manyo.api import find_pii as find_pii
    from manyo.api import language as language
    from manyo.api import mask as mask
    from manyo.api import read_shards as read_shards
    from manyo.api import run as run
    from manyo.api import signals as signals
    from manyo.api import signatures as signatures

__version__ = version("manyo")

_API = (
    "Decoded",
    "Extracted",
    "Language",
    "PersonalData",
    "Run",
    "Threshold",
    "decide",
    "decode",
    "duplicates",
    "extract",
    "find_pii",
    "language",
    "mask",
    "read_shards",
    "run",
    "signals",
    "signatures",
)


def __getattr__(name: str) -> Any:
    if name not in _API:
        raise AttributeError(f"module 'manyo' has no attribute {name!r}; it has {', '.join(_API)}")
    return getattr(import_module("manyo.api"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_API])
