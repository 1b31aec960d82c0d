"""What a campaign came to, in figures: one reading of the journal, in bounded memory."""

from alphasms_async.campaigns.report.report import Report, report_of
from alphasms_async.campaigns.report.timeline import Bucket, Timeline
from alphasms_async.campaigns.report.troubles import Trouble, Troubles

__all__ = ["Bucket", "Report", "Timeline", "Trouble", "Troubles", "report_of"]
