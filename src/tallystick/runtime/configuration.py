"""Settings: read once from the environment, each with a safe default and a heading in the reference."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from urllib.parse import urlsplit

from tallystick.runtime.tls import is_loopback

PORT_DEFAULT = 8480
POOL_SIZE_DEFAULT = 8
RECORD_ORIGIN_DEFAULT = "tallystick.local"
# Requests a second.
LIMIT_DEFAULT, LIMIT_ADDRESS_DEFAULT, LIMIT_MAX = 50_000, 1_000, 1_000_000
REQUEST_SECONDS_DEFAULT, REQUEST_SECONDS_MAX = 120, 150
DRAIN_SECONDS_DEFAULT, DRAIN_SECONDS_MAX = 5, 600
CORS_ORIGINS_MAX = 20
# An origin as browsers send it (RFC 6454, section 6.2), of a page served over TLS or by the machine itself.
_WEB_ORIGIN = re.compile(
    r"https://[a-z0-9.-]{1,253}(:[0-9]{1,5})?|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?"
)
# An issuer by RFC 8414, section 2: no query, no fragment; a slash at its end would make two names of one.
_PUBLIC_URL = re.compile(
    r"(https://[a-z0-9.-]{1,253}|http://(localhost|127\.0\.0\.1|\[::1\]))(:[0-9]{1,5})?(/[A-Za-z0-9._-]{1,50}){0,4}"
)
NETWORKS_MAX = 20
_DATABASE_OF = "TALLYSTICK_DATABASE_URL_"
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
_DOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*")
_ORIGIN = re.compile(r"[a-z0-9.-]{1,100}(:[0-9]{1,5})?(/[A-Za-z0-9._-]{1,50}){0,4}")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a process may be told from outside. ``database_url`` empty means the embedded PostgreSQL.

    ``only`` names the parts that are here, none for all of them; ``door_urls`` has where the others are, by part, and
    ``database_urls`` the databases of contexts that have one of their own.
    """

    database_url: str = ""
    database_urls: Mapping[str, str] = field(default_factory=dict[str, str])
    only: tuple[str, ...] = ()
    door_urls: Mapping[str, str] = field(default_factory=dict[str, str])
    public_url: str = ""
    host: str = "127.0.0.1"
    port: int = PORT_DEFAULT
    pool_size: int = POOL_SIZE_DEFAULT
    wire_doors: bool = False
    log_level: str = "info"
    record_origin: str = RECORD_ORIGIN_DEFAULT
    record_keys: str = ""
    record_memory: str = ""
    record_pulse: str = ""
    record_policy: str = ""
    record_folder: str = ""
    limit_tenant: int = LIMIT_DEFAULT
    limit_client: int = LIMIT_DEFAULT
    limit_address: int = LIMIT_ADDRESS_DEFAULT
    request_seconds: int = REQUEST_SECONDS_DEFAULT
    drain_seconds: int = DRAIN_SECONDS_DEFAULT
    cors_origins: tuple[str, ...] = ()
    tls_certificate: str = ""
    tls_key: str = ""
    tls_client_ca: str = ""
    door_key: str = ""
    door_peers: str = ""
    substitutes: str = ""
    token_keys: str = ""
    client_cert_header: tuple[IPv4Network | IPv6Network, ...] = ()
    factor_keys: str = ""
    rp_id: str = ""
    rp_origins: tuple[str, ...] = ()
    codes_approve_money: bool = False
    environment: str = ""
    development: bool = False
    country_header: str = ""
    operator_tenant: str = ""
    cloud_repository: str = ""
    cloud_branch: str = "main"
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()

    @property
    def is_of_one_machine(self) -> bool:
        """Whether this machine alone reaches it, by its loopback, and nobody calls it production.

        What is meant for development works there only.
        """
        known = urlsplit(self.issuer).hostname or ""
        return self.environment != "production" and is_loopback(self.host) and is_loopback(known)

    @property
    def allows_loopback(self) -> bool:
        """Whether providers may be on this machine, in the clear: in development alone."""
        return self.development or self.environment == "development"

    @property
    def issuer(self) -> str:
        """How clients call this server (RFC 8414): its public address, or where it listens."""
        scheme = "https" if self.tls_certificate else "http"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"{scheme}://{host}:{self.port}"

    @property
    def relying_party(self) -> tuple[str, tuple[str, ...]]:
        """The domain that passkeys are made for and the pages that may ask them: as set, or by our own address.

        Raises ValueError for pages of another domain.
        """
        own = urlsplit(self.issuer)
        name, origin = own.hostname or "", f"{own.scheme}://{own.netloc}"
        if self.is_of_one_machine:
            # A passkey is made for a domain, and an address of numbers is none.
            name, origin = "localhost", f"{own.scheme}://localhost:{own.port or self.port}"
        name, origins = self.rp_id or name, self.rp_origins or (origin,)
        for page in origins:
            host = urlsplit(page).hostname or ""
            if host != name and not host.endswith(f".{name}"):
                raise ValueError(
                    f"TALLYSTICK_RP_ORIGINS has {page}, which does not belong to {name} (TALLYSTICK_RP_ID)"
                )
        return name, origins

    @property
    def console_url(self) -> str:
        """How browsers reach the console: the first page that passkeys are asked at. Raises ValueError."""
        return self.relying_party[1][0]


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read ``TALLYSTICK_*``. Raises ValueError naming the setting that cannot be read."""
    given = os.environ if environment is None else environment
    return Settings(
        database_url=given.get("TALLYSTICK_DATABASE_URL", ""),
        database_urls=_database_urls(given),
        only=_only(given),
        door_urls=_door_urls(given),
        public_url=_public_url(given),
        host=given.get("TALLYSTICK_HOST", "127.0.0.1"),
        port=_whole(given, "TALLYSTICK_PORT", PORT_DEFAULT, most=65_535),
        pool_size=_whole(given, "TALLYSTICK_POOL_SIZE", POOL_SIZE_DEFAULT, most=50),
        wire_doors=_switch(given, "TALLYSTICK_WIRE_DOORS"),
        log_level=given.get("TALLYSTICK_LOG_LEVEL", "info"),
        record_origin=_origin(given),
        record_keys=given.get("TALLYSTICK_RECORD_KEYS", ""),
        record_memory=given.get("TALLYSTICK_RECORD_MEMORY", ""),
        record_pulse=given.get("TALLYSTICK_RECORD_PULSE", ""),
        record_policy=given.get("TALLYSTICK_RECORD_POLICY", ""),
        record_folder=given.get("TALLYSTICK_RECORD_FOLDER", ""),
        limit_tenant=_whole(given, "TALLYSTICK_LIMIT_TENANT", LIMIT_DEFAULT, most=LIMIT_MAX),
        limit_client=_whole(given, "TALLYSTICK_LIMIT_CLIENT", LIMIT_DEFAULT, most=LIMIT_MAX),
        limit_address=_whole(
            given, "TALLYSTICK_LIMIT_ADDRESS", LIMIT_ADDRESS_DEFAULT, most=LIMIT_MAX
        ),
        drain_seconds=_whole(
            given,
            "TALLYSTICK_DRAIN_SECONDS",
            DRAIN_SECONDS_DEFAULT,
            least=0,
            most=DRAIN_SECONDS_MAX,
        ),
        request_seconds=_whole(
            given, "TALLYSTICK_REQUEST_SECONDS", REQUEST_SECONDS_DEFAULT, most=REQUEST_SECONDS_MAX
        ),
        cors_origins=_cors_origins(given),
        tls_certificate=given.get("TALLYSTICK_TLS_CERTIFICATE", ""),
        tls_key=given.get("TALLYSTICK_TLS_KEY", ""),
        tls_client_ca=given.get("TALLYSTICK_TLS_CLIENT_CA", ""),
        door_key=given.get("TALLYSTICK_DOOR_KEY", ""),
        door_peers=given.get("TALLYSTICK_DOOR_PEERS", ""),
        substitutes=given.get("TALLYSTICK_SUBSTITUTES", ""),
        token_keys=given.get("TALLYSTICK_TOKEN_KEYS", ""),
        client_cert_header=_networks(given, "TALLYSTICK_CLIENT_CERT_HEADER"),
        factor_keys=given.get("TALLYSTICK_FACTOR_KEYS", ""),
        rp_id=_rp_id(given),
        rp_origins=_rp_origins(given),
        codes_approve_money=_switch(given, "TALLYSTICK_CODES_APPROVE_MONEY"),
        environment=_environment(given),
        development=_switch(given, "TALLYSTICK_DEVELOPMENT"),
        country_header=_header(given, "TALLYSTICK_COUNTRY_HEADER"),
        operator_tenant=given.get("TALLYSTICK_OPERATOR_TENANT", ""),
        cloud_repository=given.get("TALLYSTICK_CLOUD_REPOSITORY", ""),
        cloud_branch=given.get("TALLYSTICK_CLOUD_BRANCH", "main"),
        trusted_proxies=_networks(given, "TALLYSTICK_TRUSTED_PROXIES"),
    )


def _database_urls(given: Mapping[str, str]) -> dict[str, str]:
    """The databases of single contexts, by the end of their setting's name in small letters."""
    return {
        name.removeprefix(_DATABASE_OF).lower(): text
        for name, text in given.items()
        if name.startswith(_DATABASE_OF) and text
    }


def _only(given: Mapping[str, str]) -> tuple[str, ...]:
    text = given.get("TALLYSTICK_ONLY", "")
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _door_urls(given: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for word in given.get("TALLYSTICK_DOOR_URLS", "").split():
        part, equals, url = word.partition("=")
        if not part or not equals or not url or part in found:
            raise ValueError(
                "TALLYSTICK_DOOR_URLS says once of each part where it is, with a space between them, such as "
                f"ledger=https://books:8480 wallets=https://books:8480, not {word!r}"
            )
        found[part] = url
    return found


def _whole(given: Mapping[str, str], name: str, default: int, *, most: int, least: int = 1) -> int:
    text = given.get(name, str(default))
    if not (text.isascii() and text.isdecimal()) or not least <= int(text) <= most:
        raise ValueError(f"{name} is a whole number from {least} to {most}, not {text!r}")
    return int(text)


def _origin(given: Mapping[str, str]) -> str:
    text = given.get("TALLYSTICK_RECORD_ORIGIN", RECORD_ORIGIN_DEFAULT)
    if not _ORIGIN.fullmatch(text):
        raise ValueError(
            "TALLYSTICK_RECORD_ORIGIN is a name of yours without scheme, such as "
            f"bank.example/record, not {text!r}"
        )
    return text


def _cors_origins(given: Mapping[str, str]) -> tuple[str, ...]:
    text = given.get("TALLYSTICK_CORS_ORIGINS", "")
    origins = tuple(part.strip() for part in text.split(",") if part.strip())
    if len(origins) > CORS_ORIGINS_MAX or not all(map(_WEB_ORIGIN.fullmatch, origins)):
        raise ValueError(
            f"TALLYSTICK_CORS_ORIGINS is at most {CORS_ORIGINS_MAX} origins joined by commas, such as "
            f"https://console.bank.example, without a path and never *, not {text!r}"
        )
    return origins


def _public_url(given: Mapping[str, str]) -> str:
    text = given.get("TALLYSTICK_PUBLIC_URL", "").rstrip("/")
    if text and not _PUBLIC_URL.fullmatch(text):
        raise ValueError(
            "TALLYSTICK_PUBLIC_URL is the address that others know this server by, such as https://bank.example, and "
            f"http for the loopback alone, not {text!r}"
        )
    return text


def _networks(given: Mapping[str, str], name: str) -> tuple[IPv4Network | IPv6Network, ...]:
    parts = given.get(name, "").split()
    try:
        found = tuple(map(ip_network, parts))
    except ValueError:
        found = ()
    if len(found) != len(parts) or len(found) > NETWORKS_MAX:
        raise ValueError(
            f"{name} is at most {NETWORKS_MAX} networks with a space between them, such as 127.0.0.1/32, "
            f"not {given.get(name)!r}"
        )
    return found


def _rp_id(given: Mapping[str, str]) -> str:
    text = given.get("TALLYSTICK_RP_ID", "")
    if text and not _DOMAIN.fullmatch(text):
        raise ValueError(
            f"TALLYSTICK_RP_ID is a domain in lower case, such as bank.example, not {text!r}"
        )
    return text


def _rp_origins(given: Mapping[str, str]) -> tuple[str, ...]:
    text = given.get("TALLYSTICK_RP_ORIGINS", "")
    origins = tuple(part.strip() for part in text.split(",") if part.strip())
    if len(origins) > CORS_ORIGINS_MAX or not all(map(_WEB_ORIGIN.fullmatch, origins)):
        raise ValueError(
            f"TALLYSTICK_RP_ORIGINS is at most {CORS_ORIGINS_MAX} origins joined by commas, such as "
            f"https://console.bank.example, not {text!r}"
        )
    return origins


def _environment(given: Mapping[str, str]) -> str:
    text = given.get("TALLYSTICK_ENVIRONMENT", "")
    if text not in ("", "production", "development"):
        raise ValueError(f"TALLYSTICK_ENVIRONMENT is production or development, not {text!r}")
    if text == "production" and given.get("TALLYSTICK_DEVELOPMENT"):
        raise ValueError(
            "TALLYSTICK_DEVELOPMENT is not for production: unset it, or TALLYSTICK_ENVIRONMENT"
        )
    return text


def _header(given: Mapping[str, str], name: str) -> str:
    text = given.get(name, "")
    if text and not _HEADER.fullmatch(text):
        raise ValueError(f"{name} is the name of a header, such as CF-IPCountry, not {text!r}")
    return text


def _switch(given: Mapping[str, str], name: str) -> bool:
    text = given.get(name, "")
    if text not in ("", "1"):
        raise ValueError(f"{name} is 1, or not set, not {text!r}")
    return text == "1"
