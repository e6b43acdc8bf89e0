"""Files as rows of text cells, for the imports of the apps above."""

from customers.gateways.sheets import Sheet, Source, UnreadableFile, open_sheet, plain_file, sealed_file

__all__ = ["Sheet", "Source", "UnreadableFile", "open_sheet", "plain_file", "sealed_file"]
