"""Evidence on the disk: sealed where it was uploaded, opened while it is read."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from django.conf import settings

from core.exporting import open_file
from core.uploads import SUFFIX


def path_of(stored_as: UUID) -> Path:
    """Where the sealed file lies."""
    return Path(settings.UPLOADS) / f"{stored_as.hex}{SUFFIX}"


def is_there() -> bool:
    """Whether the folder of the sealed files can be seen: one that is not mounted says nothing about its files."""
    return Path(settings.UPLOADS).is_dir()


def pieces(stored_as: UUID) -> Iterator[bytes]:
    """The file in clear. Raises FileNotFoundError, crypto.CryptoError; the latter also while it is read."""
    return open_file(path_of(stored_as))
