"""Rules as a command line writes them: `latency=100%@300ms`."""

import re
from typing import Final

from alphasms_async.sandbox.allowed import shown
from alphasms_async.sandbox.chaos.rules import RULES, Rule, Unit

_RULES: Final = {rule.name: rule for rule in RULES}
_FORM: Final = re.compile(r"([\w-]+)(?:=(?:(\d+(?:\.\d+)?)%)?(?:@(\d+(?:\.\d+)?)\s*([a-z/]+))?)?")
_SCALES: Final[dict[Unit, dict[str, float]]] = {
    "s": {"ms": 0.001, "s": 1.0, "min": 60.0},
    "KB/s": {"kb/s": 1.0, "mb/s": 1024.0},
    "/s": {"/s": 1.0},
}
_EXAMPLES: Final[dict[Unit, str]] = {"s": "300ms", "KB/s": "64KB/s", "/s": "5/s"}


def parse(text: str) -> dict[str, object]:
    """Return rules that are to be on, as `Chaos.change` takes them.

    Args:
        text: One rule, or several with commas between: its name, how often in percent, how much
            with its unit: `http_503`, `http_503=20%`, `latency=100%@300ms`, `latency=@2s`. Without
            a share it happens always; an amount that is left out stays as it is.

    Raises:
        ValueError: It is not written so, or out of range.
    """
    check_text(text)
    return {"rules": dict(_parsed(each.strip()) for each in text.split(","))}


def check_text(text: object) -> None:
    """Raise ValueError for what is no text, such as a share that is given beside its rule."""
    if not isinstance(text, str):
        raise ValueError(  # noqa: TRY004 - as promised
            f'chaos {shown(text)}: a rule is a text, with its share in it: "http_503=20%".'
        )


def _parsed(text: str) -> tuple[str, dict[str, object]]:
    name = text.partition("=")[0].strip().lower().replace("-", "_")
    rule = _RULES.get(name)
    if rule is None:
        raise ValueError(f"chaos {text[:40]!r}: the rules are {', '.join(_RULES)}.")
    found = _FORM.fullmatch(re.sub(r"\s*([=@%])\s*", r"\1", text.lower()))
    if found is None or (rule.unit is None and found[3]):
        raise ValueError(_advice(rule, text))
    percent = float(found[2] or 100)
    if percent > 100:
        raise ValueError(f"chaos {text[:40]!r}: a share is 100% at most.")
    wanted: dict[str, object] = {"on": True, "share": round(percent / 100, 9)}
    if rule.unit and found[3]:
        scale = _SCALES[rule.unit].get(found[4])
        if scale is None:
            raise ValueError(_advice(rule, text))
        wanted["amount"] = round(float(found[3]) * scale, 9)
    rule.changed(wanted)
    return name, wanted


def _advice(rule: Rule, text: str) -> str:
    forms = [rule.name, f"{rule.name}=20%"]
    if rule.unit:
        forms.append(f"{rule.name}=20%@{_EXAMPLES[rule.unit]}")
    *others, last = forms
    return f"chaos {text[:40]!r}: write {', '.join(others)} or {last}."
