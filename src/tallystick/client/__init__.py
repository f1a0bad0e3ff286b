"""The platform's API for programs in Python: typed questions and answers, and repetition where it is safe."""

from tallystick.client.asynchronous import AsyncClient
from tallystick.client.connecting import AddressNotAccepted, trust
from tallystick.client.courses import AnswerLost, AnswerNotUnderstood, Patience
from tallystick.client.credentials import AsyncRenewed, Renewed
from tallystick.client.paging import ListTooLong
from tallystick.client.synchronous import Client

__all__ = [
    "AddressNotAccepted",
    "AnswerLost",
    "AnswerNotUnderstood",
    "AsyncClient",
    "AsyncRenewed",
    "Client",
    "ListTooLong",
    "Patience",
    "Renewed",
    "trust",
]
