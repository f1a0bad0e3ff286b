"""Say in a few words why Terraform did not do it, where, and what to do next."""

import re
from typing import Final

PLACE: Final = re.compile(r"on (\S+) line (\d+)")
FRAME: Final = re.compile(r"^[│╷╵]\s?", re.MULTILINE)
ADVICE: Final = (
    (
        r"was not found in any of the search locations|could not find (?:a )?provider|does not have a provider named|"
        r"no available releases match|Failed to query available provider packages",
        "This configuration asks for a provider, or a version of one, that is not among ours. Use hashicorp/aws, "
        "hashicorp/azurerm or hashicorp/google at the versions of the pack (docs/guides/cloud.md), or run on the real "
        "providers without TALLYSTICK_CLOUD_TARGETS.",
    ),
    (
        r"lock file|dependency lock|checksums",
        "The lock file beside the configuration does not agree with it. Run `tofu init` (or `terraform init`) there by "
        "hand, review the change of .terraform.lock.hcl, and commit it.",
    ),
    (
        r"Error acquiring the state lock|state lock",
        "Somebody else holds the state. Wait for them; when they are gone for good, `tallystick cloud unlock` "
        "frees it.",
    ),
    (
        r"does not support state version|state snapshot was created by|unsupported state format",
        "The state cannot be read: it is cut short, or of a newer Terraform. Nothing was changed; bring it back from "
        "its last version.",
    ),
    (
        r"Inconsistent dependency lock|Backend initialization required|Module not installed|Missing required provider",
        "What init made is not there any more. Run the same command again with --cold.",
    ),
    (
        r"Saved plan is stale|plan file can no longer be applied",
        "The state has changed since this plan was made. Plan anew, and have the new plan approved.",
    ),
)  # fmt: skip


def explained(output: str) -> str:
    """Give the errors of Terraform's output, each with its file and line first, and what to do about them."""
    text = FRAME.sub("", output)
    errors = [_error(part) for part in re.split(r"^Error: ", text, flags=re.MULTILINE)[1:]]
    said = "\n".join(errors) or text.strip()[-2000:]
    advice = next(
        (words for pattern, words in ADVICE if re.search(pattern, text, re.IGNORECASE)), ""
    )
    return f"{said}\n{advice}".strip()


def _error(part: str) -> str:
    summary, _, rest = part.partition("\n")
    place = PLACE.search(rest)
    where = f"{place[1]}:{place[2].rstrip(':')}: " if place else ""
    detail = [
        line.strip()
        for line in rest.splitlines()
        if line.strip() and not re.match(r"\s*(on |\d+:)", line)
    ]
    return f"{where}{summary.strip()}: {' '.join(detail)}".strip(": ")[:2000]
