"""The client's namespaces, one for each thing the gateway can do."""

from alphasms_async.services.account import AccountService
from alphasms_async.services.otp import OtpService
from alphasms_async.services.pipeline import PipelineService
from alphasms_async.services.sms import SmsService
from alphasms_async.services.status import StatusService
from alphasms_async.services.voice import VoiceService
from alphasms_async.services.voice_sms import VoiceSmsService

__all__ = [
    "AccountService",
    "OtpService",
    "PipelineService",
    "SmsService",
    "StatusService",
    "VoiceService",
    "VoiceSmsService",
]
