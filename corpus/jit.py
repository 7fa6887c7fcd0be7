"""Compiled functions: how every kernel is compiled, and where its machine code is kept.

Numba compiles a kernel on its first call (a minute and more of processor time for all of them) and keeps the machine
code for later processes. It notices a change in the kernel's own file, but not in a file from which the kernel imports
another kernel or a constant. So the folder is named by a digest of all these files, and by nothing else: every checkout
and environment that has the same code shares it. Processes that need a kernel at the same time wait for the one that
compiles it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO, Any, Final, TypeAlias, TypeVar, cast

import numpy as np
from numba import config as _numba_config
from numba import njit
from numba.core.caching import CacheImpl, CompileResultCacheImpl, FunctionCache, UserProvidedCacheLocator
from numba.core.compiler_lock import global_compiler_lock
from numpy.typing import NDArray

#: Arrays that kernels take, by the type of their elements.
Bools: TypeAlias = NDArray[np.bool_]
Bytes: TypeAlias = NDArray[np.uint8]
Int32s: TypeAlias = NDArray[np.int32]
Int64s: TypeAlias = NDArray[np.int64]
Uint16s: TypeAlias = NDArray[np.uint16]
Uint32s: TypeAlias = NDArray[np.uint32]
Uint64s: TypeAlias = NDArray[np.uint64]
Float32s: TypeAlias = NDArray[np.float32]
Float64s: TypeAlias = NDArray[np.float64]
#: Arrays of records, whose fields are attributes in kernels: `blocks[i].start`.
Records: TypeAlias = NDArray[np.void]

#: Its attributes appear when it is imported, which type checkers do not see.
_config: Any = _numba_config

#: `np.int64` for kernels. To Numba it makes a 64-bit integer like any other, and here the type checker takes it so.
int64: Final = cast("Callable[[Any], int]", np.int64)

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

_PACKAGE = Path(__file__).parent.parent
_IMPORTS = re.compile(r"^from manyo\.([\w.]+) import", re.M)


def record(*fields: tuple[Any, ...]) -> np.dtype[Any]:
    """The type of an array's elements whose fields kernels read and write as attributes.

    A kernel may keep one element in a variable (`block = blocks[i]`): it refers to the array, which must outlive it.

    Args:
        fields: name, type and, for an array within the record, shape.

    Returns:
        A structured type, packed. Its elements also have attributes where kernels run without the compiler.
    """
    return np.dtype((np.record, list(fields)))


def kernel(function: Kernel) -> Kernel:
    """Compile a function on its first call; it then runs without Python's global lock.

    Machine code is kept in `NUMBA_CACHE_DIR` where that is set, else in the user's cache folder, else where Numba
    finds room. With `NUMBA_DISABLE_JIT=1` the function is not compiled.
    """
    return _compiled(function)


def borrowing(function: Kernel) -> Kernel:
    """Compile a kernel that only borrows arrays: it makes none, returns none, and calls no kernel that does.

    Other kernels count the references to each array that they hold, and to each part of one (`states[0].links`), in
    operations that processors lock: these took 70 % of the time of the pass over a page's tags. What borrows need not
    count, because its caller holds the arrays until it returns. Numba refuses to compile one that makes an array.
    """
    return _compiled(function, _nrt=False)


def _compiled(function: Kernel, **options: Any) -> Kernel:
    if _config.DISABLE_JIT:
        return _wrapping(function)
    compiled: Any = njit(nogil=True, **options)(function)
    before = _config.CACHE_DIR
    try:
        _config.CACHE_DIR = before or _user_folder()
        compiled._cache = _Kept(function)  # type: ignore[no-untyped-call]
    finally:
        _config.CACHE_DIR = before
    _compile_in_one_process(compiled, function.__code__.co_firstlineno)
    return cast(Kernel, compiled)


def inlined(function: Kernel) -> Kernel:
    """Compile a function into every kernel of its file that calls it, instead of as a kernel of its own.

    For parts of a kernel where a call costs measured time: Numba passes each array as seven arguments and counts
    references to it.
    """
    if _config.DISABLE_JIT:
        return _wrapping(function)
    return cast(Kernel, njit(nogil=True, inline="always")(function))


def _wrapping(function: Kernel) -> Kernel:
    """The function without the compiler, where integers wrap around silently, as compiled ones do: hashes need it."""
    return np.errstate(over="ignore")(function)


class _Place(UserProvidedCacheLocator):
    """The folder for the machine code of one file's kernels, named by what they are compiled from."""

    @classmethod
    def get_suitable_cache_subpath(cls, py_file: str) -> str:
        """Returns the folder below `NUMBA_CACHE_DIR` or the user's cache folder."""
        path = Path(py_file)
        if path.is_relative_to(_PACKAGE):
            return _digest(path)
        # Numba's own folder, named by the path: nobody knows what a file of others imports.
        named = super().get_suitable_cache_subpath(py_file)  # type: ignore[no-untyped-call]
        return os.path.join(_digest(path), named)


class _KeptResults(CompileResultCacheImpl):
    _locator_classes = [_Place, *CacheImpl._locator_classes]  # noqa: RUF012 - as Numba has it


class _Kept(FunctionCache):
    """Machine code of one kernel in the folder of its file, or where Numba finds room if none can be made there."""

    _impl_class = _KeptResults


@cache
def _digest(source: Path) -> str:
    """A name for the contents of a file and of all files of manyo that it imports from."""
    sources = [source, *_imported_sources(source)]
    return hashlib.blake2b(b"".join(one.read_bytes() for one in sources), digest_size=8).hexdigest()


@cache
def _user_folder() -> str:
    """The user's folder for machine code; empty, for Numba's own choice, where none can be made."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = Path(home, "manyo", "kernels")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return ""
    return str(folder)


#: The largest kernel takes a minute on a busy machine. Whoever compiles for longer is stopped or hangs.
_WAIT_S = 300.0

#: Locks that this process holds: a kernel may call itself.
_held: set[str] = set()


def _compile_in_one_process(compiled: Any, line: int) -> None:
    """Have processes that need a kernel at once wait for the first, and load what it kept.

    It spares the work, and Numba's list of what is kept would lose entries: two processes that compile a kernel for two
    signatures can give the second the code of the first.
    """
    lock = os.path.join(compiled.stats.cache_path, f"{compiled.__name__}-{line}.lock")
    compile_now = compiled.compile

    def compile_or_wait(signature: Any) -> Any:
        with global_compiler_lock:
            if lock in _held:
                return compile_now(signature)
            _held.add(lock)
            file = _locked(lock)
            try:
                return compile_now(signature)
            finally:
                _held.discard(lock)
                if file:
                    file.close()

    compiled.compile = compile_or_wait


def _locked(path: str) -> IO[str] | None:
    """A file that no other process has locked; None where none can be made or locked, or another keeps it too long."""
    give_up_at = time.monotonic() + _WAIT_S
    with suppress(OSError):
        file = open(path, "w")  # noqa: SIM115 - it is closed by whoever compiles
        while time.monotonic() < give_up_at:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return file
            except BlockingIOError:
                time.sleep(0.02)
        file.close()
    return None


def _imported_sources(source: Path) -> list[Path]:
    """Files of manyo from which a file imports names, directly or not, in the order of their names."""
    found: set[Path] = set()
    to_read = [source]
    while to_read:
        for module in _IMPORTS.findall(to_read.pop().read_text(encoding="utf-8")):
            path = _PACKAGE.joinpath(*module.split(".")).with_suffix(".py")
            if path not in found and path.is_file():
                found.add(path)
                to_read.append(path)
    return sorted(found)
