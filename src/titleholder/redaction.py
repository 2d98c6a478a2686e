"""Secrets taken out of what is said: messages, logs, tracebacks, and so records and pages.

Known are secrets by their form (private keys, cloud access keys, passwords in addresses, signed
query strings, bearer tokens) and by their value: whatever stands in an environment variable whose
name says that it is secret.
"""

import os
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

GONE: Final = "[redacted]"
# Shorter values would take whole words out of every message.
SHORTEST: Final = 8
_NAMED: Final = re.compile(
    r"SECRET|TOKEN|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|API_?KEY|ACCESS_KEY|PRIVATE_KEY"
    r"|SIGNING_KEY$|CONNECTION_STRING",
    re.IGNORECASE,
)
_FORMS: Final = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)",
                re.DOTALL), GONE),
    (re.compile(r"\b(?:AKIA|ASIA|AIDA|AROA)[0-9A-Z]{16}\b"), GONE),
    (re.compile(r"(?<=://)[^/\s@'\"]+@"), f"{GONE}@"),
    (re.compile(r"(?i)(?<=[?&])(X-Amz-(?:Signature|Credential|Security-Token)|sig|signature|token"
                r"|access_token|api_key)=[^&\s'\"]+"), rf"\1={GONE}"),
    (re.compile(r"(?i)\b(bearer|basic) [A-Za-z0-9._~+/=-]{8,}"), rf"\1 {GONE}"),
    (re.compile(r"\b(?:ghp|gho|ghs|github_pat|glpat|xox[abps])[-_][A-Za-z0-9_-]{10,}"), GONE),
    (re.compile(r"(?i)\b(aws_secret_access_key|aws_session_token|password|secret)"
                r"(\s*[=:]\s*)[^\s,;'\"]+"), rf"\1\2{GONE}"),
)  # fmt: skip


def redacted(text: str, environment: Mapping[str, str] | None = None) -> str:
    """The text without the secrets of the environment (this process's) or of a known form.

    >>> redacted("cannot reach https://me:hunter2@minio.local/bucket", {})
    'cannot reach https://[redacted]@minio.local/bucket'
    >>> redacted("the key is abcd-1234-efgh", {"MY_API_KEY": "abcd-1234-efgh"})
    'the key is [redacted]'
    """
    if not text:
        return text
    for secret in _values(os.environ if environment is None else environment):
        text = text.replace(secret, GONE)
    for form, instead in _FORMS:
        text = form.sub(instead, text)
    return text


def _values(environment: Mapping[str, str]) -> list[str]:
    """Values of secret variables, the longest first, and each of their lines."""
    named = [environment[name] for name in environment if _is_secret(name)]
    parts = {part.strip() for value in named for part in (value, *value.splitlines())}
    return sorted((part for part in parts if len(part) >= SHORTEST), key=len, reverse=True)


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    """Whether a variable's name says that its value is secret; names hardly ever change."""
    return _NAMED.search(name) is not None
