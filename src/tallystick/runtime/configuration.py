"""Settings: read once from the environment, each with a safe default and a heading in the reference."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

PORT_DEFAULT = 8480
POOL_SIZE_DEFAULT = 8
RECORD_ORIGIN_DEFAULT = "tallystick.local"
_ORIGIN = re.compile(r"[a-z0-9.-]{1,100}(:[0-9]{1,5})?(/[A-Za-z0-9._-]{1,50}){0,4}")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a process may be told from outside. ``database_url`` empty means the embedded PostgreSQL."""

    database_url: str = ""
    host: str = "127.0.0.1"
    port: int = PORT_DEFAULT
    pool_size: int = POOL_SIZE_DEFAULT
    wire_doors: bool = False
    log_level: str = "info"
    record_origin: str = RECORD_ORIGIN_DEFAULT
    record_keys: str = ""
    record_policy: str = ""
    record_folder: str = ""


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read ``TALLYSTICK_*``. Raises ValueError naming the setting that cannot be read."""
    given = os.environ if environment is None else environment
    return Settings(
        database_url=given.get("TALLYSTICK_DATABASE_URL", ""),
        host=given.get("TALLYSTICK_HOST", "127.0.0.1"),
        port=_whole(given, "TALLYSTICK_PORT", PORT_DEFAULT, most=65_535),
        pool_size=_whole(given, "TALLYSTICK_POOL_SIZE", POOL_SIZE_DEFAULT, most=50),
        wire_doors=_switch(given, "TALLYSTICK_WIRE_DOORS"),
        log_level=given.get("TALLYSTICK_LOG_LEVEL", "info"),
        record_origin=_origin(given),
        record_keys=given.get("TALLYSTICK_RECORD_KEYS", ""),
        record_policy=given.get("TALLYSTICK_RECORD_POLICY", ""),
        record_folder=given.get("TALLYSTICK_RECORD_FOLDER", ""),
    )


def _whole(given: Mapping[str, str], name: str, default: int, *, most: int) -> int:
    text = given.get(name, str(default))
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= most:
        raise ValueError(f"{name} is a whole number from 1 to {most}, not {text!r}")
    return int(text)


def _origin(given: Mapping[str, str]) -> str:
    text = given.get("TALLYSTICK_RECORD_ORIGIN", RECORD_ORIGIN_DEFAULT)
    if not _ORIGIN.fullmatch(text):
        raise ValueError(
            "TALLYSTICK_RECORD_ORIGIN is a name of yours without scheme, such as "
            f"bank.example/record, not {text!r}"
        )
    return text


def _switch(given: Mapping[str, str], name: str) -> bool:
    text = given.get(name, "")
    if text not in ("", "1"):
        raise ValueError(f"{name} is 1, or not set, not {text!r}")
    return text == "1"
