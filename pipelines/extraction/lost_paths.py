"""What to say of a path that does not lead to what it must: that it leads to nothing, and what is there instead."""

from __future__ import annotations

import os

from manyo.corpus.nearest import nearest
from manyo.corpus.settings.meant_texts import Leads
from manyo.corpus.tables.shards import filesystem, is_local
from manyo.corpus.tables.start_folder import located

#: Names of a folder in a message about what it does not hold.
_NAMES_SHOWN = 5


def path_problem(path: str, leads: Leads) -> str | None:
    """Why a path is not the one file or folder that it must lead to, with what would be right; None if it is.

    Args:
        path: a path or URI as it was given.
        leads: `Leads.FILE` or `Leads.FOLDER`.
    """
    try:
        fs, place = filesystem(path)
        is_folder = fs.info(place)["type"] == "directory"
    except FileNotFoundError:
        return f"no such {'file' if leads is Leads.FILE else 'folder'}: {path}{what_is_there(path)}"
    except (OSError, ValueError) as error:
        return f"{path} cannot be read: {error}"
    if is_folder and leads is Leads.FILE:
        return f"{path} is a folder; name the file{what_is_there(path)}"
    if not is_folder and leads is Leads.FOLDER:
        return f"{path} is a file; name its folder"
    if is_local(fs) and not os.access(place, os.R_OK):
        return f"{path} may not be read by this user"
    return None


def what_is_there(path: str) -> str:
    """What may be wrong with a path or glob that leads to nothing, to follow a message; "" for one on a server."""
    if not is_local(filesystem(path)[0]):
        return ""
    if "$" in path:
        return "; variables such as $DATA are not read here: write the path itself"
    if "\\" in path:
        return "; write paths with /"
    parts = located(path).strip("/").split("/")
    folder = "/"
    while parts and os.path.isdir(os.path.join(folder, parts[0])):
        folder = os.path.join(folder, parts.pop(0))
    names = sorted(entry.name for entry in os.scandir(folder)) if os.access(folder, os.R_OK) else []
    near = nearest(parts[0], names) if parts else None
    shown = [*([near] if near else []), *(name for name in names if name != near)][:_NAMES_SHOWN]
    said = [name if name.isprintable() else repr(name) for name in shown]
    holds = f"holds {', '.join(said)}{' …' if len(names) > len(shown) else ''}" if names else "is empty"
    return f"; {folder} {holds}"
