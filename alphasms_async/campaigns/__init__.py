"""Durable campaigns: the bulk dialer that survives kill -9 and never rings anyone twice.

    async with AlphaSMS() as alphasms, SqliteJournal("alphasms.journal") as journal:
        recording = await Recording.load("promo.wav")
        campaign = Campaign(name="spring", kind=PlayRecording(recording), per_second=20)
        plan = await plan_campaign(journal, campaign, open_list("clients.csv"))
        run = await Dialer(alphasms, journal, campaign).run()

The journal is the truth: the intent to call is durable before a request leaves, what never left
is dialled again, and what cannot be proven either way is shown to you and never repeated.
"""

from alphasms_async.campaigns.campaign import Campaign
from alphasms_async.campaigns.commands import (
    AddDoNotCall,
    Cancel,
    Command,
    Drop,
    Pause,
    RecordEvent,
    Redial,
    RemoveDoNotCall,
    Resume,
    SetBudget,
    SetPace,
)
from alphasms_async.campaigns.costs import Cost
from alphasms_async.campaigns.dialer import Dialer
from alphasms_async.campaigns.dsn import JournalPlace
from alphasms_async.campaigns.event_handlers import EventRecorder, EventSender
from alphasms_async.campaigns.events import CallEvent, Recorded, Ref
from alphasms_async.campaigns.halts import Halt, HaltReason
from alphasms_async.campaigns.hooks import CallHooks, call_event_of
from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.kinds import (
    Kind,
    PlayRecording,
    SpeakSms,
    SpeakText,
    kind_from_json,
)
from alphasms_async.campaigns.lists import ListedRecipient, RecipientList, open_list
from alphasms_async.campaigns.places import open_journal, tell
from alphasms_async.campaigns.plan import Plan, plan_campaign
from alphasms_async.campaigns.polling import Polled, poll
from alphasms_async.campaigns.progress import Hold, Progress
from alphasms_async.campaigns.quotes import Quotes, quote
from alphasms_async.campaigns.reconciling import Reconciled, reconcile, uncertain_rows
from alphasms_async.campaigns.records import (
    AttemptRecord,
    CampaignRecord,
    CampaignState,
    Claimed,
    Money,
    RowRecord,
    Settlement,
    Tally,
)
from alphasms_async.campaigns.redial import RedialPolicy
from alphasms_async.campaigns.run import Run
from alphasms_async.campaigns.selection import Selection, selected_rows
from alphasms_async.campaigns.sqlite import (
    DEFAULT_JOURNAL,
    MemoryJournal,
    SqliteJournal,
    Told,
)
from alphasms_async.campaigns.states import RowState, SkipReason, Verdict
from alphasms_async.campaigns.templates import Template
from alphasms_async.campaigns.window import Window
from alphasms_async.models import CallOutcome

__all__ = [
    "DEFAULT_JOURNAL",
    "AddDoNotCall",
    "AttemptRecord",
    "CallEvent",
    "CallHooks",
    "CallOutcome",
    "Campaign",
    "CampaignRecord",
    "CampaignState",
    "Cancel",
    "Claimed",
    "Command",
    "Cost",
    "Dialer",
    "Drop",
    "EventRecorder",
    "EventSender",
    "Halt",
    "HaltReason",
    "Hold",
    "Journal",
    "JournalPlace",
    "Kind",
    "ListedRecipient",
    "MemoryJournal",
    "Money",
    "Pause",
    "Plan",
    "PlayRecording",
    "Polled",
    "Progress",
    "Quotes",
    "RecipientList",
    "Reconciled",
    "RecordEvent",
    "Recorded",
    "Redial",
    "RedialPolicy",
    "Ref",
    "RemoveDoNotCall",
    "Resume",
    "RowRecord",
    "RowState",
    "Run",
    "Selection",
    "SetBudget",
    "SetPace",
    "Settlement",
    "SkipReason",
    "SpeakSms",
    "SpeakText",
    "SqliteJournal",
    "Tally",
    "Template",
    "Told",
    "Verdict",
    "Window",
    "call_event_of",
    "kind_from_json",
    "open_journal",
    "open_list",
    "plan_campaign",
    "poll",
    "quote",
    "reconcile",
    "selected_rows",
    "tell",
    "uncertain_rows",
]
