"""A look with the application's own API key: whether who may enter is let in. It reads, and keeps nothing of what it read."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import requests

from pytest_zebu.facts import plainjson, urls
from pytest_zebu.facts.answer import Reason, Unknown
from pytest_zebu.gather.client import Client, Unending, is_unresolved, read_body
from pytest_zebu.settings import Settings

SECONDS = (3.0, 10.0)
COUNTED, CALM_SECONDS = (429, 503), 3.0
"""With what proxies answer whom they count, and after what time they have mostly let all looks pass."""
BODY_LIMIT = 65_536
COMPLAINTS = frozenset({"detail", "error", "errors"})
"""What an answer's body has that says what went wrong (RFC 9457, and FastAPI's own)."""
CODES = ("status", "code", "statusCode", "status_code")
"""Where it repeats the status, which a proxy or a framework may have lost."""


def ask_with_key(settings: Settings, url: str) -> Any:
    """What a request with the key is answered: its status, and the kind of its body. Asked once more where it is late or broken."""
    key = settings.secret(settings.probes.api_key_file, "probes.api_key_file")
    if not key:
        return Unknown(Reason.NOT_CONFIGURED, "probes.api_key_file is not set")
    with Client(settings.trust(None), {"X-API-Key": key}) as client:
        try:
            for is_again in (False, True):
                try:
                    with client.get(url, timeout=SECONDS, stream=True) as answer:
                        text = read_body(answer, BODY_LIMIT)
                        found = {"status": answer.status_code, "body": kind_of(text), "again": is_again}
                    # What has only just been started may break once; whoever counts requests lets pass again what comes later.
                    is_counted = answer.status_code in COUNTED
                    if is_again or not (is_counted or answer.status_code >= 500):
                        return found
                    if is_counted:
                        time.sleep(CALM_SECONDS)
                except requests.ReadTimeout:
                    continue
        except requests.exceptions.SSLError:
            why = f"the certificate of {urls.origin(url)} is not to be trusted: the API key was not sent"
            return Unknown(Reason.UNDECIDABLE, why)
        except Unending as error:
            return Unknown(Reason.TIMED_OUT, f"{urls.origin(url)}: {error}")
        except requests.RequestException as error:
            if is_unresolved(error):
                return Unknown(Reason.UNREACHABLE, f"this machine's resolver does not tell where {urls.origin(url)} is")
            return Unknown(Reason.UNREACHABLE, f"{urls.origin(url)}: {type(error).__name__}")
    return {"status": 0, "body": "other", "again": True}


def kind_of(text: bytes) -> str:
    """What a body is: `content`, JSON that says what went wrong (`complaint`), or `other`."""
    if len(text) >= BODY_LIMIT and text.lstrip()[:1] in (b"[", b"{"):
        return "content"
    try:
        said = plainjson.loads(text.decode("utf-8-sig"))
    except ValueError:
        return "other"
    if not isinstance(said, dict | list):
        return "other"
    return "complaint" if isinstance(said, dict) and _complains(said) else "content"


def _complains(said: Mapping[str, Any]) -> bool:
    """Whether it says what went wrong: that nothing did, envelopes say as well."""
    status = said.get("status")
    failed = isinstance(status, str) and status.lower() in ("error", "fail", "failed", "failure")
    told = any(said.get(one) not in (None, False, "", []) for one in COMPLAINTS)
    numbers = (said.get(one) for one in CODES)
    failed = failed or any(isinstance(one, int) and 400 <= one < 600 for one in numbers)
    # Who has nothing to say but a sentence has no portfolios.
    return told or failed or said.get("success") is False or said.get("ok") is False or said.keys() == {"message"}
