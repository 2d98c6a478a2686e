"""A message to a webhook that takes Slack's format, over urllib.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
The address is a secret: whoever has it can post. It comes from the environment alone, is sent to
no other host (redirects are not followed), and stands in no message, log or error.
"""

import http.client
import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from titleholder.errors import NotSent

TIMEOUT_S = 5.0
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_MOST = 1024  # bytes of an answer that anybody reads


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The next address would be told the secret, too."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Refuse, which makes the redirect an HTTPError."""


def post(named: str, payload: Mapping[str, Any], *, timeout: float = TIMEOUT_S) -> None:
    """Send ``payload`` as JSON to the address in ``env:NAME``; NotSent if it did not arrive."""
    variable = named.removeprefix("env:")
    address = os.environ.get(variable, "").strip()
    if not address:
        raise NotSent(f"notify.webhook names {variable}, which is not set", cure="set it, or none")
    _require_safe(address, variable)
    request = urllib.request.Request(
        address,
        data=json.dumps(payload).encode(),
        headers={"Content-Type": "application/json", "User-Agent": "titleholder"},
        method="POST",
    )
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        with opener.open(request, timeout=timeout) as answer:
            answer.read(_MOST)
    except urllib.error.HTTPError as error:
        error.close()
        raise _not_sent(variable, f"it answered {error.code}") from None
    except TimeoutError:
        raise _not_sent(variable, f"no answer within {timeout:g} s") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        # The error's own text may hold the address.
        raise _not_sent(variable, type(error).__name__) from None


def _require_safe(address: str, variable: str) -> None:
    """NotSent unless the address is https, or on this machine."""
    try:
        parts = urlsplit(address)
        secure = parts.scheme == "https" and bool(parts.hostname)
        local = parts.scheme == "http" and parts.hostname in _LOOPBACK
    except ValueError:
        secure = local = False
    if not (secure or local):
        raise NotSent(f"{variable} holds no https address", cure="copy the webhook's whole address")


def _not_sent(variable: str, why: str) -> NotSent:
    return NotSent(
        f"the webhook of {variable} did not take the message: {why}",
        cure="the verdict stands; the message is sent with the next run",
    )
