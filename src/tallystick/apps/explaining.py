"""Every problem that any door answers whoever asks, and the codes that no class carries, in sentences."""

from collections.abc import Mapping
from typing import Final

from tallystick.identity.api import Unauthenticated
from tallystick.identity.api.tokens import TokenNotAccepted
from tallystick.identity.http.access import GUARDED
from tallystick.identity.http.sessions import PROVEN
from tallystick.kernel.problems import Problem
from tallystick.ledger.api import RefusalCode
from tallystick.ledger.model.sentences import sentence

PROBLEMS: Final[tuple[type[Problem], ...]] = (
    Unauthenticated,
    TokenNotAccepted,
    *PROVEN,
    *GUARDED,
)
GLOSSARY: Final[Mapping[str, str]] = {code.value: sentence(code) for code in RefusalCode}
