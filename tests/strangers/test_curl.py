"""The curl commands of the provider's instruction, as they stand there but for host and key."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from alphasms_async.sandbox import Sandbox
from tests.sandbox.wire import KEY, PHONE, wav

VOICE = """
curl -L -X POST 'https://alphasms.ua/api/voice.php' \\
-F 'voice=@"audio.wav"' \\
-F 'key="APIKEY"' \\
-F 'phone="380501234567"'
"""
OTP = """
curl -L -X POST 'https://alphasms.ua/api/otp.php' \\
-F 'key="APIKEY"' \\
-F 'phone="380501234567"'
"""


def run(command: str, sandbox: Sandbox, folder: Path, *, key: str = KEY) -> Any:
    """Return the JSON that `command` prints, run in `folder` against the served sandbox."""
    with sandbox.serve() as url:
        here = command.replace("https://alphasms.ua", url).replace("APIKEY", key)
        done = subprocess.run(  # noqa: S603 - the commands above
            ["/bin/sh", "-euc", here], cwd=folder, capture_output=True, check=True, timeout=30
        )
    return json.loads(done.stdout)


@pytest.mark.parametrize("seconds", [1, 150], ids=["small", "in many pieces"])
def test_voice_command_rings(tmp_path: Path, seconds: int) -> None:
    """The command for a call is taken, its recording arrives byte for byte, and one phone rings."""
    sound = wav(seconds=seconds)
    Path(tmp_path, "audio.wav").write_bytes(sound)
    sandbox = Sandbox()
    assert run(VOICE, sandbox, tmp_path) == {"id": 100500, "price": 0.4}
    (call,) = sandbox.calls()
    assert (call.phone, call.filename, call.audio == sound) == (PHONE, "audio.wav", True)


def test_otp_command_answers_the_code(tmp_path: Path) -> None:
    """The command for a flash call answers the code as a number."""
    sandbox = Sandbox(seed=1)
    answer = run(OTP, sandbox, tmp_path)
    (call,) = sandbox.calls(to=PHONE)
    assert call.code is not None
    assert answer == {"id": 100500, "code": int(call.code)}


@pytest.mark.parametrize("command", [VOICE, OTP], ids=["voice", "otp"])
def test_faults_are_told_as_the_instruction_shows(tmp_path: Path, command: str) -> None:
    """Without the key, or with another, each command prints the documented error."""
    Path(tmp_path, "audio.wav").write_bytes(wav())
    keyless = command.replace("-F 'key=\"APIKEY\"' \\\n", "")
    assert run(keyless, Sandbox(), tmp_path) == {"errors": ["API key missing"]}
    assert run(command, Sandbox(), tmp_path, key="another") == {"errors": ["Wrong API key"]}
