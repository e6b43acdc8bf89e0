import hashlib
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse, JsonResponse
from django.test import Client
from django.urls import path

from core import crypto
from tests.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

PLAIN = ("客户号,姓名,证件号码\nC1,张三,11010519491231002X\n" * 50_000).encode()


def _take(request):
    file = request.FILES.get("file")
    file.keep()
    return JsonResponse({"stored_as": file.stored_as, "size": file.size, "sha256": file.sha256, "name": file.name})


def _look(request):
    with request.FILES["file"].open() as opened:
        return HttpResponse(opened.read())


def _count(request):
    return HttpResponse(str(len(request.FILES)))


urlpatterns = [path("take/", _take), path("look/", _look), path("count/", _count)]


@pytest.fixture
def uploads(settings, tmp_path):
    settings.UPLOADS = tmp_path / "uploads"
    return settings.UPLOADS


@pytest.fixture
def client(client_of):
    return client_of(make_user())


def upload(content=PLAIN):
    return {"file": SimpleUploadedFile("feed.csv", content, "text/csv")}


@pytest.mark.parametrize("content", [PLAIN, b"x", b"x" * crypto.CHUNK, b"x" * (crypto.CHUNK + 1)])
def test_a_file_lies_sealed_and_opens_again(client, uploads, content):
    answer = client.post("/take/", upload(content)).json()
    sealed = uploads / answer["stored_as"]
    assert (answer["size"], answer["name"]) == (len(content), "feed.csv")
    assert answer["sha256"] == hashlib.sha256(content).hexdigest()
    with sealed.open("rb") as file:
        assert crypto.open_stream(file).read() == content
    assert sealed.stat().st_mode & 0o777 == 0o600


def test_nothing_readable_touches_the_disk(client, uploads, tmp_path):
    client.post("/take/", upload())
    written = b"".join(found.read_bytes() for found in tmp_path.rglob("*") if found.is_file())
    assert len(written) > len(PLAIN)
    assert b"11010519491231002X" not in written
    assert "张三".encode() not in written


def test_a_file_can_be_read_in_the_same_request(client, uploads):
    assert client.post("/look/", upload()).content == PLAIN


def test_a_file_nobody_took_over_is_gone_after_the_request(client, uploads):
    client.post("/look/", upload())
    assert list(uploads.iterdir()) == []


def test_nobodys_files_are_not_kept(uploads):
    assert Client().post("/count/", upload()).content == b"0"
    assert not uploads.exists()


def test_too_large_a_file_is_cut_off_and_deleted(client, uploads, settings):
    settings.UPLOAD_MAX_BYTES = 1000
    client.post("/count/", upload())
    assert list(uploads.iterdir()) == []


def test_a_full_disk_is_an_error_and_leaves_no_file(client, uploads, monkeypatch):
    def full(source, target):
        source.read(10)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("core.uploads.crypto.seal_stream", full)
    with pytest.raises(OSError, match="No space left"):
        client.post("/take/", upload())
    assert list(uploads.iterdir()) == []


def test_file_names_from_outside_are_never_used(client, uploads):
    body = upload()
    body["file"].name = "../../etc/passwd"
    answer = client.post("/take/", body).json()
    assert Path(answer["stored_as"]).name == answer["stored_as"]
    assert len(list(uploads.iterdir())) == 1
