"""Uploaded files: encrypted while they arrive, so that no personal data touches the disk in clear."""

import contextlib
import hashlib
import os
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, BinaryIO

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload

from core import crypto

SUFFIX = ".sealed"


class SealedFile(UploadedFile):
    """An uploaded file that lies sealed under settings.UPLOADS.

    A file nobody kept is deleted when the request ends.
    """

    def __init__(self, path: Path, name: str, content_type: str, size: int, sha256: str, charset: str | None) -> None:
        super().__init__(None, name, content_type, size, charset)
        self.path = path
        self.sha256 = sha256
        self._is_kept = False

    @property
    def stored_as(self) -> str:
        """The file's name under settings.UPLOADS."""
        return self.path.name

    def keep(self) -> None:
        """Leave the file there when the request ends: from now on it is somebody's business."""
        self._is_kept = True

    def open(self, *args: Any, **kwargs: Any) -> Any:
        """What was uploaded, in clear, as a binary file."""
        return crypto.open_stream(self.path.open("rb"))

    def close(self) -> None:
        if not self._is_kept:
            self.path.unlink(missing_ok=True)


class SealedUploadHandler(FileUploadHandler):
    """Streams each file of a signed-in person's form through the field keys to disk; nobody else's files are kept."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        user = getattr(self.request, "user", None)
        if user is None or not user.is_authenticated:
            raise SkipFile()
        folder = Path(settings.UPLOADS)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = folder / f"{uuid.uuid4().hex}{SUFFIX}"
        self.digest = hashlib.sha256()
        self.received = getattr(self, "received", 0)  # of all files sent together
        self.sealing = _Sealing(self.path)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.received += len(raw_data)
        if self.received > self._most():
            self._drop()
            raise StopUpload(connection_reset=True)
        self.digest.update(raw_data)
        with self._cleanly():
            self.sealing.write(raw_data)

    def _most(self) -> int:
        """Bytes that may be sent at once: feed files are large, whatever else people file is not."""
        is_feed = self.request is not None and self.request.path.startswith(settings.FEED_ADDRESSES)
        return settings.FEED_MAX_BYTES if is_feed else settings.UPLOAD_MAX_BYTES

    def file_complete(self, file_size: int) -> SealedFile:
        with self._cleanly():
            self.sealing.finish()
        return SealedFile(
            self.path,
            self.file_name or "",
            self.content_type or "",
            file_size,
            self.digest.hexdigest(),
            self.charset,
        )

    def upload_interrupted(self) -> None:
        if hasattr(self, "sealing"):
            self._drop()

    @contextlib.contextmanager
    def _cleanly(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            self.path.unlink(missing_ok=True)
            raise

    def _drop(self) -> None:
        with contextlib.suppress(OSError):
            self.sealing.finish()
        self.path.unlink(missing_ok=True)


class _Sealing:
    """Pushes chunks into `crypto.seal_stream`, which pulls: a pipe between, and a thread at its far end."""

    def __init__(self, path: Path) -> None:
        reader, writer = os.pipe()
        self._into: IO[bytes] = os.fdopen(writer, "wb", buffering=0)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._seal, args=(os.fdopen(reader, "rb"), path), daemon=True)
        self._thread.start()

    def _seal(self, source: BinaryIO, path: Path) -> None:
        try:
            with source, open(path, "xb", opener=_private) as target:
                crypto.seal_stream(source, target)
        except BaseException as error:  # handed over to the request's thread, which raises it
            self._error = error

    def write(self, chunk: bytes) -> None:
        try:
            view = memoryview(chunk)
            while view:
                view = view[self._into.write(view) :]
        except BrokenPipeError:
            self.finish()

    def finish(self) -> None:
        """Wait for the last chunk; raises what went wrong at the far end, such as a full disk."""
        with contextlib.suppress(BrokenPipeError):
            self._into.close()
        self._thread.join()
        if self._error is not None:
            raise self._error


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
