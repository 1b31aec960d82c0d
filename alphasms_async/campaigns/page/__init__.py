"""A report as one self-contained page, to show to others."""

from alphasms_async.campaigns.page.page import page_of

__all__ = ["page_of"]
