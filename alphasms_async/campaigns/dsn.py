"""The address of a database that a journal is in, read and shown without what is secret in it."""

import os
import re
from collections.abc import Sequence
from urllib.parse import unquote

from alphasms_async.errors import JournalError

__all__ = ["JournalPlace", "check_dsn", "check_kind", "is_dsn", "shown"]

JournalPlace = str | os.PathLike[str]
"""The path of a file, or a DSN such as `postgresql://user@host/database`."""

_SCHEMES = ("postgresql://", "postgres://")
_EXAMPLE = "postgresql://user@host/database"
_ANY_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_PAIRS = re.compile(r"\s*(host|hostaddr|port|dbname|user|service)\s*=|.*\bpassword\s*=", re.DOTALL)
# As libpq takes it apart, but for a password with `@` or `/` in it as they stand: libpq would
# take what follows them for the host, or the database, and everybody would show that.
_HOST = r"(?:\[[0-9A-Fa-f:.%]+\]|[^\s:@/?#,\[\]]*)(?::[0-9]*)?"
_DSN = re.compile(
    r"postgres(?:ql)?://(?:(?P<user>[^\s:@/?#]*)(?::(?P<password>[^\s@/]*))?@)?"
    rf"(?P<hosts>{_HOST}(?:,{_HOST})*)(?P<database>/[^\s@?#]*)?(?:\?(?P<settings>[^\s]*))?"
)
_HALF_ENCODED = re.compile(r"%(?![0-9A-Fa-f]{2})|%00")
# All that libpq knows. What it does not know may be a secret whose name was misspelt.
_PLAIN = re.compile(
    r"host|hostaddr|port|dbname|user|service|servicefile|passfile|options|replication"
    r"|require(?:_auth|peer)|(?:fallback_)?application_name|client_encoding|connect_timeout"
    r"|channel_binding|keepalives(?:_idle|_interval|_count)?|tcp_user_timeout|krbsrvname"
    r"|target_session_attrs|load_balance_hosts|gss(?:encmode|lib|delegation)"
    r"|ssl(?:mode|negotiation|compression|cert|certmode|key|rootcert|crl|crldir|sni|keylogfile)?"
    r"|(?:ssl_)?(?:min|max)_protocol_version|oauth_(?:issuer|client_id|scope)"
)
_SECRET = re.compile(r"password|sslpassword|oauth_client_secret|scram_(?:client|server)_key")


def is_dsn(place: JournalPlace) -> bool:
    """Return whether a place is a PostgreSQL database, and not a file."""
    return os.fspath(place).startswith(_SCHEMES)


def shown(place: JournalPlace) -> str:
    """Return a place as it may be shown: a path as it stands, a DSN without its password.

    Of a DSN that cannot be read nothing is shown but how it begins.
    """
    text = os.fspath(place)
    if not is_dsn(text):
        return text
    scheme, _, _ = text.partition("://")
    parts = _read(text)
    if parts is None:
        return f"{scheme}://…"
    user = "" if parts["user"] is None else f"{parts['user']}@"
    plain = "&".join(one for one in _settings(parts) if _PLAIN.fullmatch(_name(one)))
    return f"{scheme}://{user}{parts['hosts']}{parts['database'] or ''}{plain and '?'}{plain}"


def check_kind(place: JournalPlace) -> None:
    """Refuse what is neither a file's path nor a DSN of ours, but was meant for a database.

    Raises:
        JournalError: It is a URL of something else, or pairs such as `host=… dbname=…`; nothing
            of it is shown, for there may be a password in it.
    """
    text = os.fspath(place)
    if is_dsn(text):
        return
    other = _ANY_SCHEME.match(text)
    if other is not None:
        raise JournalError(f"a journal is a file, or {_EXAMPLE}: {other[1]}:// is neither")
    if _PAIRS.match(text) is not None and not os.path.exists(text):  # noqa: PTH110 no path yet
        raise JournalError(f"a journal is a file, or {_EXAMPLE}: write key=value pairs like that")


def check_dsn(dsn: str) -> None:
    """Refuse a DSN that PostgreSQL's own library could not read; nothing is connected to.

    Raises:
        JournalError: It cannot be read, or has a setting that there is not. The text shows nothing
            of a password.
    """
    parts = _read(dsn)
    settings: Sequence[str] = [] if parts is None else _settings(parts)
    if parts is None or any(one.count("=") != 1 for one in settings):
        raise JournalError(
            f"the DSN of the journal cannot be read: it is like {_EXAMPLE}, and what is special in "
            "a name or password is percent-encoded (%40 for @, %2F for /)"
        )
    names = [_name(one) for one in settings]
    stranger = next((one for one in names if not (_PLAIN.fullmatch(one) or _is_secret(one))), None)
    if stranger is not None:
        # A password with `&` in it as it stands is cut in two here, and this may be its end.
        which = "" if any(map(_is_secret, names)) else f" {stranger!r}"
        raise JournalError(f"the DSN of the journal has a setting that PostgreSQL has not{which}")


def _read(dsn: str) -> "re.Match[str] | None":
    is_whole = dsn.isprintable() and _HALF_ENCODED.search(dsn) is None
    return _DSN.fullmatch(dsn) if is_whole else None


def _settings(parts: "re.Match[str]") -> Sequence[str]:
    """Return what stands behind the `?` of a DSN, each setting as it is written."""
    return parts["settings"].split("&") if parts["settings"] else []


def _name(setting: str) -> str:
    return unquote(setting.partition("=")[0])


def _is_secret(name: str) -> bool:
    return _SECRET.fullmatch(name) is not None
