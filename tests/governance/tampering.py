"""The tamperings: what someone does to a live cloud behind the code's back, and what drift must say of it.

One table a cloud (`tampering_aws.TAMPERINGS`, `tampering_gcp`, `tampering_azure`), each beside an estate of examples in
`estates/<cloud>.tf` that really is applied to a live target. Give every tampering an object of its own in that estate,
so that all of a cloud's are done at once and one refresh finds them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["created", "deleted", "access", "encryption", "network", "other"]
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tampering:
    """One act out of band.

    `subject` is the address in the estate (`aws_s3_bucket.open`); where something new is made, it is the type and the
    id that `list` will give it (`aws_s3_bucket:stranger`). `act(hand, values)` does it: `hand` is whatever speaks to
    that cloud (AWS: a function from a service's name to its boto3 client; others: an `httpx.Client` at the target's
    address), `values` are the subject's in Terraform's state, or empty for something new. It must not go through our
    own live kinds. `attribute` is one that must be among the changed ones, or "" for created and deleted. `alarms`
    says whether a control of ours is broken by it, where that is sure.
    """

    name: str
    cloud: Literal["aws", "gcp", "azure"]
    kind: Kind
    subject: str
    act: Callable[[Any, Values], None]
    attribute: str = ""
    alarms: bool | None = None
