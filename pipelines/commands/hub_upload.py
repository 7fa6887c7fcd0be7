"""Send a published folder to the Hub, or say what would be sent."""

from __future__ import annotations

from pathlib import Path

from manyo.corpus.tables.credentials import hide
from manyo.pipelines.commands.run_setup import open_console
from manyo.pipelines.engine.errors import UserError, WorkFailed
from manyo.pipelines.report.quantities import format_size

#: Stands for what no table says and a person must write.
TO_WRITE = "[to be written]"


def repository_of(uri: str) -> tuple[str, str | None]:
    """Name and branch of a dataset repository on the Hub.

    Raises:
        UserError: the address is none of one.
    """
    prefix = "hf://datasets/"
    name, _, branch = uri.removeprefix(prefix).partition("@")
    if not uri.startswith(prefix) or name.count("/") != 1 or not all(name.split("/")):
        raise UserError(f"--push {uri}: give hf://datasets/ORG/NAME or hf://datasets/ORG/NAME@BRANCH")
    return name, branch or None


def push(folder: Path, name: str, branch: str | None, is_real: bool) -> None:
    """Say what would be sent, or send it; the library continues where a transfer broke off.

    Args:
        folder: what `manyo publish` wrote, with what a person has written since.
        name, branch: of the repository, as `repository_of` gives them.
        is_real: send it.

    Raises:
        UserError: the Hub refuses it.
        WorkFailed: the Hub cannot be reached.
    """
    console = open_console()
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    where = f"datasets/{name}" + (f", branch {branch}" if branch else "")
    pages = [path for path in files if path.parent == folder and path.suffix in (".md", ".json")]
    blanks = [path.name for path in pages if path.name != "TODO.md" and TO_WRITE in path.read_text(encoding="utf-8")]
    if blanks:
        console.print(f"Still {TO_WRITE}: places in {', '.join(blanks)}; TODO.md lists them", markup=False)
    if not is_real:
        console.print(f"Would send {len(files):,} files, {format_size(size)}, to {where}; --send sends them:")
        for path in files:
            console.print(
                f"    {path.relative_to(folder).as_posix()}  {format_size(path.stat().st_size)}", markup=False
            )
        return
    # Its import takes longer than the rest of a dry run.
    from httpx2 import TransportError
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    api = HfApi()
    try:
        api.create_repo(name, repo_type="dataset", private=True, exist_ok=True)
        if branch is not None:
            api.create_branch(name, repo_type="dataset", branch=branch, exist_ok=True)
        api.upload_folder(repo_id=name, repo_type="dataset", folder_path=folder, revision=branch)
    except (HfHubHTTPError, TransportError, OSError, ValueError, RuntimeError) as error:  # the last: a large file
        said = hide(str(error).splitlines()[0] if str(error) else type(error).__name__)
        is_refused = error.response.status_code < 500 if isinstance(error, HfHubHTTPError) else False
        if is_refused or isinstance(error, ValueError):  # such as a card that the Hub cannot read
            raise UserError(f"--push {where}: {said}") from error
        raise WorkFailed(
            f"--push {where}: the Hub did not take it ({said}); {folder} is complete, and the same command sends it"
        ) from error
    console.print(f"Sent {len(files):,} files, {format_size(size)}, to {where}; new repositories are private.")
