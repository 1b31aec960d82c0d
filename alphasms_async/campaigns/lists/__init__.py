"""Lists of recipients: CSV in any usual writing, JSON Lines and workbooks, read row by row."""

from alphasms_async.campaigns.lists.recipient_list import (
    ListedRecipient,
    ListForm,
    RecipientList,
    open_list,
)

__all__ = ["ListForm", "ListedRecipient", "RecipientList", "open_list"]
