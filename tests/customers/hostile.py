"""Files made to break a reader, and a process of its own that reads them and tells what it cost."""

import gzip
import io
import json
import resource
import sys
import time
import zipfile
import zlib
from pathlib import Path

import xlsxwriter

HEAD = (
    '<row r="1"><c r="A1" t="inlineStr"><is><t>account_no</t></is></c>'
    '<c r="B1" t="inlineStr"><is><t>balance</t></is></c></row>'
)
ROW = '<row r="2"><c r="A2" t="inlineStr"><is><t>A1</t></is></c><c r="B2"><v>1</v></c></row>'
MAIN = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
END = "</sheetData></worksheet>"


def xlsx(sheet: str | bytes = MAIN + HEAD + END, *, before: str = '<?xml version="1.0"?>', **more: bytes) -> bytes:
    """A workbook whose only sheet is this XML."""
    blank, stream = io.BytesIO(), io.BytesIO()
    with xlsxwriter.Workbook(blank, {"in_memory": True}) as book:
        book.add_worksheet()
    with zipfile.ZipFile(blank) as parts, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        data = sheet if isinstance(sheet, bytes) else (before + sheet).encode()
        for name in parts.namelist():
            archive.writestr(name, data if name == "xl/worksheets/sheet1.xml" else parts.read(name))
        for name, content in more.items():
            archive.writestr(name, content)
    return stream.getvalue()


def of_nothing(megabytes: int) -> bytes:
    """A sheet of blanks, packed to a thousandth."""
    stream = io.BytesIO(xlsx())
    with (
        zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("xl/worksheets/sheet2.xml", "w", force_zip64=True) as sheet,
    ):
        for _number in range(megabytes):
            sheet.write(b" " * (1 << 20))
    return stream.getvalue()


def far_cell(place: str) -> bytes:
    row = "".join(c for c in place if c.isdigit())
    return xlsx(f'{MAIN}{HEAD}<row r="{row}"><c r="{place}"><v>1</v></c></row>{END}')


def many_entries() -> bytes:
    return xlsx(**{f"xl/media/{n}.png": b"" for n in range(10_000)})


def lying_sizes() -> bytes:
    """A part that says it is small: size and checksum are forged in both directories of the archive."""
    sheet = f'<?xml version="1.0"?>{MAIN}{HEAD}<!--{" " * 20_000_000}-->{END}'.encode()
    packed = xlsx(sheet)
    for true, forged in ((len(sheet), 1000), (zlib.crc32(sheet), zlib.crc32(sheet[:1000]))):
        assert packed.count(true.to_bytes(4, "little")) == 2
        packed = packed.replace(true.to_bytes(4, "little"), forged.to_bytes(4, "little"))
    return packed


def encrypted() -> bytes:
    raw = bytearray(xlsx())
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        offsets = [entry.header_offset for entry in archive.infolist()]
    for offset in offsets:
        raw[offset + 6] |= 1
    place = raw.find(b"PK\x01\x02")
    while place != -1:
        raw[place + 8] |= 1
        place = raw.find(b"PK\x01\x02", place + 1)
    return bytes(raw)


CELL = "<c><v>1</v></c>"
LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]>"
)
LAUGH = ROW.replace("A1</t>", "&j;</t>")
XXE = '<!DOCTYPE x [<!ENTITY j SYSTEM "file:///etc/passwd">]>'


def hostile_files() -> dict[str, bytes]:
    """Name to content; none of them may be imported, or cost much to refuse."""
    return {
        "unpacks to 210 MB": of_nothing(210),
        "unpacks to a thousandfold": of_nothing(64),
        "cell in the last corner": far_cell("XFD1048576"),
        "cell in the last column": far_cell("XFD2"),
        "million columns": far_cell("BDWGN2"),
        "a row without places": xlsx(f"{MAIN}<row>{CELL * 100_000}</row>{END}"),
        "a row far down": xlsx(f'{MAIN}<row>{CELL * 1000}</row><row r="1048576">{CELL}</row>{END}'),
        "ten thousand entries": many_entries(),
        "lying sizes": lying_sizes(),
        "password": encrypted(),
        "billion laughs": xlsx(MAIN + HEAD + LAUGH + END, before=LAUGHS),
        "foreign entity": xlsx(MAIN + HEAD + LAUGH + END, before=XXE),
        "gzip of 4 GB": gzip.compress(b"account_no,balance\n") + gzip.compress(b"A1,1\n" * 3_000_000) * 280,
        "one endless line": b"account_no,balance\n" + b"x" * (8 << 20),
        "gzip of one endless line": gzip.compress(b"account_no,balance\n" + b"x" * (8 << 20), 1),
        "nothing hostile": xlsx(MAIN + HEAD + ROW + END),
        "old workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 5000,
    }


def main(folder: Path) -> None:
    """Read every file of the folder; print name to [seconds, peak growth in MB, message] as JSON."""
    from django.conf import settings

    settings.configure(USE_I18N=False)
    from customers.gateways.sheets import UnreadableFile, open_sheet, plain_file
    from customers.rules.feeds import is_heading

    found = {}
    for path in sorted(folder.iterdir()):
        before, started, message = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic(), ""
        try:
            rows = list(open_sheet(plain_file(path), is_heading).rows())
            message = f"{len(rows)} rows {rows[-1][1][:2]}"
        except UnreadableFile as error:
            message = str(error)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        found[path.name] = [round(time.monotonic() - started, 2), peak // 1024, message]
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
