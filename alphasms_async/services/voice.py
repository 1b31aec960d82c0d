"""Voice calls: a recording, or a text in a chosen voice."""

from functools import partial

from alphasms_async.bodies import Delivery
from alphasms_async.checks import check_client_id, check_hook
from alphasms_async.gateway import json_objects, voice_php
from alphasms_async.messages import Voice, VoiceStep
from alphasms_async.models import Message, VoiceCall
from alphasms_async.recording import Audio, Recording
from alphasms_async.services.service import Service
from alphasms_async.timeouts import TimeoutTypes

__all__ = ["VoiceService"]


class VoiceService(Service):
    """`alphasms.voice`: calls that play a recording or read a text aloud."""

    async def call(
        self,
        phone: str,
        audio: Audio,
        *,
        hook: str | None = None,
        dtmf: bool = False,
        timeout: TimeoutTypes = None,
        delivery: Delivery | None = None,
    ) -> VoiceCall:
        """Call a phone and play a recording to it.

        The phone rings once: the request is repeated only while it is proven not to have left.

        Args:
            phone: The recipient, as people write it; see `parse_phone`.
            audio: A WAV of at most 5 MB: a path, bytes, a binary file or a `Recording`.
            hook: The URL that gets the call's outcome. `None`: the account's own setting.
            dtmf: Whether to wait for a key press, which the hook then tells.
            timeout: Seconds for the whole request, or an `httpx.Timeout`. `None`: the client's.
            delivery: Told when the request begins to leave, for a caller that must know it even
                when it is cancelled. `None`: nobody needs to know.

        Returns:
            The queued call. It rings later; ask `status.get` with its `id` what became of it.

        Raises:
            InvalidPhoneNumber: The phone cannot be dialled; nothing was sent.
            InvalidRecording: The audio cannot be played; nothing was sent.
            InvalidRequest: The hook is not a URL; nothing was sent.
            NotSent: It is proven not to have left, the repeats included.
            OutcomeUnknown: It left and no readable answer came; it is never repeated.
            GatewayError: The gateway refused; the class says why, `scope` whom it concerns.
            ClientClosed: The client is closed; nothing was sent.

        Source: voice.php [instruction, section 2].
        """
        digits, hook = self._digits(phone), check_hook(hook)
        recording = await Recording.load(audio)
        request = voice_php.call(self._settings.api_key, digits, recording, hook=hook, dtmf=dtmf)
        read = partial(voice_php.read_call, phone=digits)
        return await self._exchange.send(request, read, timeout=timeout, delivery=delivery)

    async def say(
        self,
        phone: str,
        text: str,
        *,
        voice: Voice | None = None,
        dtmf: bool = False,
        hook: str | None = None,
        client_id: int | None = None,
        timeout: TimeoutTypes = None,
        delivery: Delivery | None = None,
    ) -> Message:
        """Call a phone and read a text aloud in a chosen voice.

        The phone rings once: the request is repeated only while it is proven not to have left.

        Args:
            phone: The recipient, as people write it.
            text: What is read aloud, not empty.
            voice: Who reads it. `None`: the gateway's Ukrainian standard voice, female.
            dtmf: Whether to wait for a key press, which the hook then tells.
            hook: The URL that gets the outcome. `None`: the account's own setting.
            client_id: Our id, 1 to 2**53 - 1, to ask `status.by_client_id` with. `None`: a new one.
            timeout: Seconds for the whole request, or an `httpx.Timeout`. `None`: the client's.
            delivery: Told when the request begins to leave, for a caller that must know it even
                when it is cancelled. `None`: nobody needs to know.

        Returns:
            The queued message; `id` is the gateway's, `client_id` ours.

        Raises:
            InvalidPhoneNumber: The phone cannot be dialled; nothing was sent.
            InvalidText: The text is empty or cannot be sent; nothing was sent.
            InvalidRequest: The hook or the client id cannot be used; nothing was sent.
            NotSent: It is proven not to have left, the repeats included.
            OutcomeUnknown: It left and no readable answer came; its `client_id` can be asked for.
            GatewayError: The gateway refused; the class says why.
            ClientClosed: The client is closed; nothing was sent.

        Source: json.php, type `voice` [API pages].
        """
        digits, client_id = self._digits(phone), check_client_id(client_id)
        step = VoiceStep(text, voice or Voice(), dtmf)
        content = json_objects.voice(step, client_id, digits, check_hook(hook))
        return await self._queue(
            content, what="spoken text", phone=digits, timeout=timeout, delivery=delivery
        )
