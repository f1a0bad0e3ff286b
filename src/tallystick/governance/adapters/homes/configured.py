"""Where the homes of an environment are: one TOML file, with names of token files and no secret in it."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from tallystick.governance.adapters import tokens
from tallystick.governance.adapters.homes.aws import Amazon
from tallystick.governance.adapters.homes.azure import Azure
from tallystick.governance.adapters.homes.gcp import ADDRESS, Google
from tallystick.governance.adapters.homes.openbao import OpenBao
from tallystick.governance.adapters.homes.rest import (
    Rest,
    Token,
    rest_of_openbao,
    token_of_file,
    token_of_process,
)
from tallystick.governance.model.homes import Home
from tallystick.governance.model.secrets import HomeName
from tallystick.governance.model.values import ENVIRONMENTS, Environment
from tallystick.runtime.openbao import SERVICE_ACCOUNT, Access

FILE_BYTES_MAX: Final = 65_536
SETTING: Final = "TALLYSTICK_SECRET_HOMES"


class AtOpenBao(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An OpenBao: its address, the file of our token or the role that we log in for, and the mount of KV version 2."""

    address: str
    token_file: str = ""
    role: str = ""
    method: str = "kubernetes"
    jwt_file: str = SERVICE_ACCOUNT
    mount: str = "secret"
    prefix: str = "tallystick"
    ca: str = ""


class AtAmazon(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """AWS Secrets Manager in a region; credentials are found as boto3 does."""

    region: str
    endpoint: str = ""


class AtGoogle(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Google Secret Manager of a project, values kept in `region`; without a file by the process's own identity."""

    project: str
    token_file: str = ""
    region: str = ""
    address: str = ADDRESS


class AtAzure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Key Vault such as https://bank.vault.azure.net; without a file by the process's own identity."""

    vault: str
    token_file: str = ""


class AtPostgres(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where roles that take turns are: a file with the URL of a login that may alter them."""

    url_file: str


class Homes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The homes of one environment, and where its PostgreSQL roles are."""

    openbao: AtOpenBao
    aws: AtAmazon | None = None
    gcp: AtGoogle | None = None
    azure: AtAzure | None = None
    postgres: AtPostgres | None = None


@dataclass(frozen=True, kw_only=True)
class Opened:
    """The homes of an environment, opened: the primary one, and the others by name."""

    primary: OpenBao
    copies: dict[HomeName, Home]


def read_homes(path: str, *, environment: Environment) -> Homes:
    """Read the file that TALLYSTICK_SECRET_HOMES names. Raises ValueError with what to write."""
    if not path:
        raise ValueError(f"{SETTING} names no file: it says where the homes of secrets are")
    try:
        content = Path(path).read_bytes()[: FILE_BYTES_MAX + 1]
    except OSError as error:
        raise ValueError(f"{SETTING}: cannot read {path} ({error.strerror})") from None
    if len(content) > FILE_BYTES_MAX:
        raise ValueError(f"{SETTING}: {path} has over {FILE_BYTES_MAX} bytes")
    try:
        found = msgspec.toml.decode(content, type=dict[str, Homes])
    except (msgspec.DecodeError, ValueError) as error:
        raise ValueError(f"{SETTING}: {path} cannot be read: {error}") from None
    if environment not in found or not set(found) <= set(ENVIRONMENTS):
        raise ValueError(
            f"{SETTING}: {path} has tables such as [{environment}.openbao], for "
            f"{', '.join(ENVIRONMENTS)}, and none for {environment}, or one for something else"
        )
    return found[environment]


def open_homes(homes: Homes, stack: AsyncExitStack, *, environment: Environment) -> Opened:
    """Open the homes until the stack ends. Raises ValueError; nobody is asked yet."""
    bao = homes.openbao
    access = Access(
        address=bao.address.rstrip("/"),
        token_file=bao.token_file,
        role=bao.role,
        method=bao.method,
        jwt_file=bao.jwt_file,
        ca=bao.ca,
    )
    access.demand_usable(f"[{environment}.openbao]", by_file="token_file", by_role="role")
    copies = dict[HomeName, Home]()
    if homes.aws:
        copies["aws"] = Amazon(region=homes.aws.region, endpoint=homes.aws.endpoint)
    if gcp := homes.gcp:
        token = (
            token_of_file(gcp.token_file, home="gcp")
            if gcp.token_file
            else token_of_process(tokens.google(), scope=tokens.GOOGLE)
        )
        rest = _opened(Rest(home="gcp", address=gcp.address, token=token), stack)
        copies["gcp"] = Google(rest=rest, project=gcp.project, region=gcp.region)
    if azure := homes.azure:
        token = _of_azure(azure, is_production=environment == "production")
        rest = _opened(Rest(home="azure", address=azure.vault, token=token), stack)
        copies["azure"] = Azure(rest=rest)
    rest = _opened(rest_of_openbao(access), stack)
    primary = OpenBao(rest=rest, mount=bao.mount, prefix=bao.prefix)
    return Opened(primary=primary, copies=copies)


def _of_azure(at: AtAzure, *, is_production: bool) -> Token:
    if at.token_file:
        return token_of_file(at.token_file, home="azure")
    return token_of_process(tokens.azure(is_production=is_production), scope=tokens.KEY_VAULT)


def _opened(rest: Rest, stack: AsyncExitStack) -> Rest:
    stack.push_async_callback(rest.close)
    return rest
