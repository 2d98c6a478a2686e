"""Clients of S3 whose credentials and addresses come from told places alone.

    env            the variables AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN;
                   without them the role AWS_ROLE_ARN, by the token in AWS_WEB_IDENTITY_TOKEN_FILE
    profile:NAME   what that profile says in the AWS configuration, programs and roles included
    role           what the platform gives this container or machine, at its fixed addresses
    chain          wherever boto3 looks

Variables are set by whoever starts the process. All else that boto3 would follow of itself (a
configuration below HOME with programs to run, an address of a metadata service from a variable)
may have been laid there by somebody else, and is read only where that was said. Endpoints are
never taken from variables or profiles, those of the token service included, but in a ``chain``.
"""

import os
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from titleholder.params.schema import ENV, PROFILE

if TYPE_CHECKING:
    from botocore.session import Session

# Where containers of ECS and EKS ask for what they are; no name, and no other host, is followed.
_CONTAINER_HOSTS = frozenset({"169.254.170.2", "169.254.170.23", "fd00:ec2::23"})
_FULL_URI = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
_METADATA_TIMEOUT_S, _METADATA_ATTEMPTS = 1, 2
# Names of botocore's settings: (key in a profile, variable, value, conversion).
_Fixed = dict[str, tuple[None, None, object, None]]
_NO_ENDPOINTS: _Fixed = {
    "ignore_configured_endpoint_urls": (None, None, True, None),
    "ec2_metadata_service_endpoint": (None, None, None, None),
    "ec2_metadata_service_endpoint_mode": (None, None, None, None),
}
_NO_FILES: _Fixed = {
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
    "profile": (None, None, None, None),
}


def client(credentials: str, *, endpoint: str | None, region: str | None, config: Any) -> Any:
    """A client of S3; ``credentials`` is one of the above, ``config`` botocore's."""
    import boto3

    core = session(credentials, region)
    # Parsing what S3 is called takes most of the time that a client takes to make: once will do.
    core.register_component("data_loader", _loader(core.get_config_variable("data_path")))
    return boto3.session.Session(botocore_session=core).client(
        "s3", endpoint_url=endpoint, region_name=region, config=config
    )


@cache
def _loader(data_path: str | None) -> Any:
    """What botocore reads its descriptions of services with, and remembers them."""
    from botocore.loaders import create_loader

    return create_loader(data_path)


def session(credentials: str, region: str | None = None) -> "Session":
    """botocore's session that knows of these credentials and no others."""
    from botocore.session import Session

    if credentials == "chain":
        return Session()
    if credentials.startswith(PROFILE):
        return Session(session_vars=_NO_ENDPOINTS, profile=credentials.removeprefix(PROFILE))
    core = Session(session_vars={**_NO_ENDPOINTS, **_NO_FILES})
    core.register_component("credential_provider", _resolver(credentials, core, region))
    return core


def _resolver(credentials: str, core: "Session", region: str | None) -> Any:
    from botocore.credentials import CredentialResolver

    return CredentialResolver(_variables(core, region) if credentials == ENV else _platform())


def _variables(core: "Session", region: str | None) -> list[Any]:
    from botocore.credentials import AssumeRoleWithWebIdentityProvider, EnvProvider

    def service(name: str, **given: Any) -> Any:
        return core.create_client(name, region_name=region, **given)

    creator: Callable[..., Any] = service
    by_token = AssumeRoleWithWebIdentityProvider(dict, creator, profile_name="default")
    return [EnvProvider(), by_token]


def _platform() -> list[Any]:
    from botocore.credentials import ContainerProvider, InstanceMetadataProvider
    from botocore.utils import InstanceMetadataFetcher

    machine = InstanceMetadataFetcher(timeout=_METADATA_TIMEOUT_S, num_attempts=_METADATA_ATTEMPTS)
    variables = dict(os.environ)
    if urlsplit(variables.get(_FULL_URI, "")).hostname not in _CONTAINER_HOSTS:
        variables.pop(_FULL_URI, None)
    return [ContainerProvider(environ=variables), InstanceMetadataProvider(machine)]
