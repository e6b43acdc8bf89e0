"""A sealed file on its way to whoever may have it."""

from pathlib import Path

from django.http import Http404, StreamingHttpResponse
from django.utils.http import content_disposition_header

from core.exporting.files import open_file

CONTENT_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


def sent_file(path: Path, *, name: str, size: int, kind: str) -> StreamingHttpResponse:
    """The file in clear under its name, opened while it is sent. Raises Http404 when it is gone."""
    try:
        pieces = open_file(path)
    except FileNotFoundError:
        raise Http404 from None
    response = StreamingHttpResponse(pieces, content_type=CONTENT_TYPES[kind])
    response.headers["Content-Disposition"] = content_disposition_header(True, name)
    response.headers["Content-Length"] = str(size)
    return response
