"""Lists as files: what is taken, by which rules, and the writers that seal it while it is made."""

from core.exporting.files import SealedPart, open_file, seal_file
from core.exporting.lists import AskedRows, Cut, ExportForm, ListSource, cut_list, keys_of, row_chunks
from core.exporting.sending import sent_file
from core.exporting.sheets import FORMATS, Sheet, csv_parts, xlsx_parts

__all__ = [
    "FORMATS",
    "AskedRows",
    "Cut",
    "ExportForm",
    "ListSource",
    "SealedPart",
    "Sheet",
    "csv_parts",
    "cut_list",
    "keys_of",
    "open_file",
    "row_chunks",
    "seal_file",
    "sent_file",
    "xlsx_parts",
]
