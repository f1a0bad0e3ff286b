"""Tell by an attribute's name, and by what stands in it, whether a person may read it in a report.

Terraform marks what its provider calls sensitive; that leaves scripts, settings and texts in which people put secrets.
"""

import re
from typing import Any, Final

_NAMES: Final = re.compile(
    r"(?:(?:^|[._-])(?:password|passwd|passphrase|credentials?|token|api_key|access_key|account_key|shared_key"
    r"|private_key|client_secret|shared_secret|secret_(?:string|binary|data|value|key)|sas_(?:token|url)"
    r"|connection_strings?|user_data(?:_base64)?|custom_data|metadata_startup_script|kube_config(?:_raw)?"
    r"|container_definitions|app_settings|environment_variables)|(?:^|\.)(?:variables|startup-script|ssh-keys))"
    r"(?:_wo)?(?:\.|$)"
)
_TEXTS: Final = re.compile(r"PRIVATE KEY-----|://[^/\s:@]*:[^/\s@]+@")
# What only says on, off or how, as maps of texts do too.
_WORDS: Final = frozenset({"", "true", "false", "enabled", "disabled", "required", "optional"})


def may_be_secret(path: str, value: Any) -> bool:
    """Tell whether a value at a dotted path must be hidden; what is on, off or counted never must."""
    if value is None or isinstance(value, (bool, int)):
        return False
    if not isinstance(value, str):
        return bool(_NAMES.search(path))
    if value.lower() in _WORDS:
        return False
    return bool(_NAMES.search(path) or _TEXTS.search(value))
