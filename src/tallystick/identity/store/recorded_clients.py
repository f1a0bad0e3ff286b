"""Clients and consents as the record was told of them, read from their tables to be compared with it."""

from typing import Any

from tallystick.identity.model import deeds_of_clients as deeds
from tallystick.identity.store.clients import Registered, made
from tallystick.identity.store.recorded import source
from tallystick.kernel.entries import Deed
from tallystick.kernel.tags import Tag
from tallystick.runtime import record

_STEPS = {
    "ask": Tag.IDENTITY_CONSENT_ASK,
    "give": Tag.IDENTITY_CONSENT_GIVE,
    "refuse": Tag.IDENTITY_CONSENT_REFUSE,
    "end": Tag.IDENTITY_CONSENT_END,
}
TAGS = frozenset({Tag.IDENTITY_CLIENT_CREATE, Tag.IDENTITY_CLIENT_END, *_STEPS.values()})


def _made(row: Any) -> Deed:
    texts = {"redirect_uris": tuple(row["redirect_uris"]), "scope": tuple(row["scope"])}
    found: Any = {name: row[name] for name in Registered._fields} | texts
    client = Registered(**found)
    return made(client, name=row["name"], at=row["created_at"], caller=record.SOMEBODY)


def _step(row: Any) -> Deed:
    return deeds.consent(
        _STEPS[row["step"]],
        row["consent_id"],
        client_id=row["client_id"],
        scope=list(row["scope"]),
        at=row["at"],
        caller=record.SOMEBODY,
    )


def _end(row: Any) -> Deed:
    return deeds.end_of_client(row["client_id"], at=row["ended_at"], caller=record.SOMEBODY)


SOURCES = (
    source("clients", _made),
    source("ends_of_clients", _end),
    source("consents_asked", _step),
    source("consents_decided", _step),
    source("consents_ended", _step),
)
