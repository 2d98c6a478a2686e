"""What each failure of S3 means to us: which of our errors it is, and what became of the request.

Codes: Amazon S3 API Reference, "Error responses". botocore is imported only once there is an
error of its to look at.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any

from titleholder.errors import (
    ObjectNotFound,
    PreconditionFailed,
    StoreDenied,
    StoreError,
    StoreMissing,
    StoreUnreachable,
)


class Fate(Enum):
    """What became of a request that failed."""

    REFUSED = "it was not done, and asking again would not help"
    BUSY = "it was not done, and may be asked again"
    CONTESTED = "it was not done, since somebody had written first: perhaps we ourselves"
    UNKNOWN = "it may have been done"


_KEYS_CURE = (
    "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or say where else they come from: "
    "--credentials (store.credentials) profile:NAME, role or chain"
)
_RIGHTS_CURE = (
    "reading needs s3:GetObject, s3:ListBucket and s3:ListBucketVersions here (without ListBucket, "
    "S3 denies what it should call absent), publishing s3:PutObject and s3:GetBucketVersioning too"
)
_CLOCK_CURE = "set the clock of this machine (UTC), for instance with NTP"
_REGION_CURE = "set store.region in params.yaml, or AWS_DEFAULT_REGION, to the region of the bucket"
_LATER_CURE = "run it again in a while"
_REACH_CURE = "check the endpoint (--endpoint or store.endpoint), the network and the proxy"
_BUCKET_CURE = "create the bucket, or correct store.url"
_CONDITIONAL_CURE = "this server has no conditional writes: verdicts need a store that does"
_FULL_CURE = "free some space in the store, or raise its quota"
_DAMAGED_CURE = "run it again; if it stays so, something between here and there changes bytes"

# code: (error, what to say, cure)
_Meaning = tuple[type[StoreError], str, str]
_WRONG_KEYS: _Meaning = (StoreDenied, "the credentials are wrong", _KEYS_CURE)
_EXPIRED_KEYS: _Meaning = (StoreDenied, "the credentials have expired", "sign in again")
_DENIED: _Meaning = (StoreDenied, "access is denied", _RIGHTS_CURE)
_SKEWED: _Meaning = (StoreDenied, "the clocks differ too much", _CLOCK_CURE)
_NO_BUCKET: _Meaning = (StoreMissing, "there is no such bucket", _BUCKET_CURE)
_ELSEWHERE: _Meaning = (StoreMissing, "the bucket lies in another region", _REGION_CURE)
_NO_KEY: _Meaning = (ObjectNotFound, "there is no such object", "")
_LOST: _Meaning = (PreconditionFailed, "somebody else wrote first", "")
_BUSY: _Meaning = (StoreUnreachable, "the store is too busy", _LATER_CURE)
_BROKEN: _Meaning = (StoreUnreachable, "the store failed", _LATER_CURE)
_UNABLE: _Meaning = (StoreError, "the store does not know this request", _CONDITIONAL_CURE)
_FULL: _Meaning = (StoreError, "the store is full", _FULL_CURE)
_OTHER: _Meaning = (StoreError, "the store refused", "look the code up in the store's manual")
_DAMAGED: _Meaning = (StoreError, "the bytes were damaged on their way", _DAMAGED_CURE)

_CODES: Mapping[str, _Meaning] = {
    "InvalidAccessKeyId": _WRONG_KEYS,
    "SignatureDoesNotMatch": _WRONG_KEYS,
    "InvalidToken": _WRONG_KEYS,
    "InvalidSecurity": _WRONG_KEYS,
    "ExpiredToken": _EXPIRED_KEYS,
    "TokenRefreshRequired": _EXPIRED_KEYS,
    "AccessDenied": _DENIED,
    "AllAccessDisabled": _DENIED,
    "AccountProblem": _DENIED,
    "RequestTimeTooSkewed": _SKEWED,
    "RequestExpired": _SKEWED,
    "NoSuchBucket": _NO_BUCKET,
    "InvalidBucketName": _NO_BUCKET,
    "PermanentRedirect": _ELSEWHERE,
    "TemporaryRedirect": _ELSEWHERE,
    "AuthorizationHeaderMalformed": _ELSEWHERE,
    "IllegalLocationConstraintException": _ELSEWHERE,
    "NoSuchKey": _NO_KEY,
    "PreconditionFailed": _LOST,
    "ConditionalRequestConflict": _BUSY,
    "OperationAborted": _BUSY,
    "SlowDown": _BUSY,
    "ServiceUnavailable": _BUSY,
    "Throttling": _BUSY,
    "ThrottlingException": _BUSY,
    "RequestLimitExceeded": _BUSY,
    "TooManyRequests": _BUSY,
    "InternalError": _BROKEN,
    "RequestTimeout": _BROKEN,
    "NotImplemented": _UNABLE,
    "QuotaExceeded": _FULL,
    "XMinioStorageFull": _FULL,
    "EntityTooLarge": _FULL,
    "BadDigest": _DAMAGED,
    "InvalidDigest": _DAMAGED,
    "IncompleteBody": _DAMAGED,
    "XAmzContentSHA256Mismatch": _DAMAGED,
    "XAmzContentChecksumMismatch": _DAMAGED,
}
# A HEAD has no body, and so its errors have a status for a code.
_STATUSES: Mapping[int, _Meaning] = {
    301: _ELSEWHERE,
    307: _ELSEWHERE,
    401: _WRONG_KEYS,
    403: _DENIED,
    404: _NO_KEY,
    409: _BUSY,
    412: _LOST,
    429: _BUSY,
    501: _UNABLE,
    503: _BUSY,
    507: _FULL,
}


def translate(error: Exception, url: str) -> StoreError:
    """Our error for whatever boto3 raised, with a cure; ``url`` says which store it was."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    if isinstance(error, ClientError):
        return _answered(error.response, url)
    if isinstance(error, BotoCoreError):
        return _unanswered(error, url)
    if isinstance(error, ResponseParserError):
        return StoreUnreachable(f"{url} does not answer like S3", cure=_REACH_CURE)
    return StoreError(
        f"{url}: {type(error).__name__}: {error}", cure="check the address and the configuration"
    )


def fate_of(error: Exception) -> Fate:
    """What became of the request that ended in this error."""
    from botocore import exceptions as b
    from botocore.parsers import ResponseParserError

    if isinstance(error, b.ClientError):
        return _fate_of_answer(error.response)
    if isinstance(
        error, b.EndpointConnectionError | b.ConnectTimeoutError | b.ProxyConnectionError
    ):
        return Fate.BUSY
    lost = (b.HTTPClientError, b.ConnectionError, b.IncompleteReadError, b.FlexibleChecksumError)
    return Fate.UNKNOWN if isinstance(error, (*lost, ResponseParserError)) else Fate.REFUSED


def _fate_of_answer(response: Mapping[str, Any]) -> Fate:
    code, status = _code(response), _status(response)
    meaning = _meaning(code, status)
    if meaning is _BUSY:
        return Fate.BUSY
    # A proxy between here and the store may have repeated the request, so that even a plain
    # PreconditionFailed can be the echo of our own success: it is looked into like the others.
    if meaning is _LOST:
        return Fate.CONTESTED
    return Fate.UNKNOWN if meaning is _BROKEN else Fate.REFUSED


def _meaning(code: str, status: int) -> _Meaning:
    known = _CODES.get(code) or _STATUSES.get(status)
    if known is not None:
        return known
    return _BROKEN if status >= 500 else _OTHER


def _answered(response: Mapping[str, Any], url: str) -> StoreError:
    code, status = _code(response), _status(response)
    kind, told, cure = _meaning(code, status)
    message = response.get("Error", {}).get("Message") or "no message"
    return kind(f"{url}: {told} ({code}, HTTP {status}: {message})", cure=cure)


def _unanswered(error: Exception, url: str) -> StoreError:
    from botocore import exceptions as b

    none = (b.NoCredentialsError, b.PartialCredentialsError, b.NoAuthTokenError)
    broken = (
        b.ConfigNotFound,
        b.ConfigParseError,
        b.CredentialRetrievalError,
        b.InvalidConfigError,
        b.LoginError,
        b.MetadataRetrievalError,
        b.ProfileNotFound,
        b.RefreshWithMFAUnsupportedError,
        b.SSOError,
        b.TokenRetrievalError,
        b.UnknownCredentialError,
        b.UnknownTokenProviderError,
    )
    regions = (b.NoRegionError, b.InvalidRegionError, b.UnknownRegionError)
    network = (b.HTTPClientError, b.ConnectionError, b.IncompleteReadError)
    if isinstance(error, none):
        return StoreDenied(f"{url}: there are no credentials ({error})", cure=_KEYS_CURE)
    if isinstance(error, broken):
        return StoreDenied(f"{url}: the credentials cannot be had ({error})", cure=_KEYS_CURE)
    if isinstance(error, regions):
        return StoreMissing(f"{url}: the region is unknown ({error})", cure=_REGION_CURE)
    if isinstance(error, b.FlexibleChecksumError):
        return StoreError(f"{url}: the bytes were damaged on their way", cure=_DAMAGED_CURE)
    if isinstance(error, network):
        return StoreUnreachable(f"{url} cannot be reached: {error}", cure=_REACH_CURE)
    return StoreError(f"{url}: {error}", cure="check the AWS configuration of this machine")


def _code(response: Mapping[str, Any]) -> str:
    return str(response.get("Error", {}).get("Code", ""))


def _status(response: Mapping[str, Any]) -> int:
    return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
