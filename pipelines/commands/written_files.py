"""Files that a user has a command write: one of the same kind is replaced, anything else at the path is not touched."""

from __future__ import annotations

from manyo.pipelines.engine.errors import UserError

#: How the files begin that commands write.
HTML = b"<!doctype html"
JSON_OBJECT = b'{\n "'
PAGE_LINES = b'{"doc_id"'
EVENT_LINES = b'{"event"'
QUALITY_MODEL = b"# quality model of manyo"
CATEGORY_MODEL = b"# category model of manyo"


def check_place(path: str, option: str, begins: bytes) -> None:
    """Look, before the work, whether a file may be written.

    Args:
        path: local, as the user named it.
        option: that named it, for the message.
        begins: how files of this kind begin.

    Raises:
        UserError: there is a file that does not begin so, such as the user's own data, or it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            head = file.read(256)
    except FileNotFoundError:
        return
    except OSError as error:
        raise UserError(f"{option} {path}: {error.strerror}") from error
    if head and not head.lower().startswith(begins):
        raise UserError(f"{option} {path}: is another file, which would be lost; name a new one, or move it away")
