"""Who asks a cloud: the token that a variable has, else one of the process's own identity."""

import os
from collections.abc import Callable, Mapping
from functools import cache

from tallystick.governance.adapters.provider.targets import TargetRefused
from tallystick.governance.adapters.tokens import NoIdentity, Tokens


def token_of(
    *,
    variable: str,
    own: Callable[[], Tokens],
    endpoints: Mapping[str, str] | None,
    only: str | None = None,
) -> Callable[[str], str]:
    """Give what gives the token of a scope; it raises `TargetRefused` where there is none.

    At the cloud itself the variable's token is good for the scope `only` alone, where one is named. The identity's own
    is sent over https and nowhere else, so that a server here that stands for the cloud never gets it.
    """
    identity = cache(own)
    in_clear = any(not each.startswith("https:") for each in (endpoints or {}).values())

    def token(scope: str) -> str:
        said = os.environ.get(variable, "")
        if said and (endpoints or only in (None, scope)):
            return said
        if in_clear:
            raise TargetRefused(
                f"{variable} has no token, and our own identity's is sent over https alone: set {variable}"
            )
        try:
            return identity().get(scope)
        except (NoIdentity, ValueError) as error:
            raise TargetRefused(str(error)) from None

    return token
