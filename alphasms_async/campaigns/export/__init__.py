"""Everybody of a campaign with what became of them, as CSV, JSON Lines or a workbook."""

from alphasms_async.campaigns.export.rows import ExportForm, export_rows

__all__ = ["ExportForm", "export_rows"]
