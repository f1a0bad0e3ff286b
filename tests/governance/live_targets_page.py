"""Write the page of live targets: `python -m tests.governance.live_targets_page`; a test holds the page against it."""

from collections.abc import Iterator

from tallystick.governance.adapters.live import aws, azure, gcp
from tallystick.governance.adapters.live.gcp.served import LIMITS, SERVED
from tallystick.governance.adapters.policies import load_catalogue
from tallystick.governance.model.catalogue import Entry
from tests.tidy import tree

PAGE = tree.ROOT / "docs" / "reference" / "live-targets.md"
CLOUDS = {"aws": "AWS", "azure": "Azure", "gcp": "GCP"}
AZURE = {"management": "double", "vault": "double", "blob": "azurite"}

_HEAD = """# Live targets

Which Terraform types are read and written live, against which server that was tried, and what that server does not \
keep. This page is written by `python -m tests.governance.live_targets_page`; a test holds it against the code. \
Nothing here was tried against a cloud itself.

| target | what it is |
|---|---|
| moto | a server of AWS's interfaces, of others |
| gcplocal | a server of GCP's compute, Cloud SQL, IAM and storage, of others |
| drongo | a server of GCP's storage, Secret Manager and KMS, of others |
| azurite | Microsoft's own server of blobs |
| double | ours: `tests/doubles`, written after the clouds' documentation; it does what we read there and no more |
| store | the local store of our provider: an echo, and no evidence of anything |

A type with no target set for it lives in the store. What a server drops is given back as it was asked for, so that \
plans stay quiet. `tallystick cloud drift` judges as live only what a target tells: whatever a list of objects of the \
type has no word for, dropped or never asked for, is unknown there, and so is a verdict that rests on it."""

_AZURE_LIMITS = (
    "The double of Resource Manager knows no provider's rules: it keeps what is put, and fills in few defaults.",
    "The double of Key Vault encrypts nothing, and has no certificates, backups or imports.",
    "Azurite has no immutability, so that `has_immutability_policy` is always false there.",
    "Terraform has no attribute for a key or secret that is switched off: such a key permits no operation"
    " (`key_opts`), such a secret has no value.",
    "Everything in the subscription is counted by Resource Manager's list, which our double answers.",
    "The activity log tells nothing of keys, secrets and containers, so that nobody is named for those.",
)
_AWS_LIMITS = (
    "moto writes no trail: ours stands in front of it and writes down each call.",
    "Types without a kind are counted by their services' lists and by tags, in every region: moto answers both.",
    "What moto drops is known only of what `tests/governance/test_live_aws.py` asks for and reads back.",
)
_GCP_TRAIL = (
    "Everything in the project is counted by Cloud Asset Inventory, which is our double's.",
    "The audit log is our double's: a listener in front of gcplocal enters each call that changed something.",
)


def page() -> str:
    """Give the page as it must stand."""
    return "\n".join(_lines()) + "\n"


def targets() -> dict[str, tuple[tuple[str, str, str], ...]]:
    """Give, for each cloud, each type with the target that it was tried against and what that does not keep."""
    return {
        "aws": tuple((kind, "moto", "") for kind in sorted(aws.KINDS)),
        "azure": tuple(
            (kind, AZURE[service], "") for kind, service in sorted(azure.SERVICES.items())
        ),
        "gcp": tuple(
            (kind, target, ", ".join(f"`{each}`" for each in served[kind]))
            for kind in sorted(gcp.KINDS)
            for target, served in SERVED.items()
            if kind in served
        ),
    }


def _lines() -> Iterator[str]:
    yield _HEAD
    tried = targets()
    entries = [each for _, each in sorted(load_catalogue().entries.items())]
    for cloud, name in CLOUDS.items():
        yield from ("", f"## {name}: {len({kind for kind, _, _ in tried[cloud]})} types", "")
        yield from ("| type | target | not kept |", "|---|---|---|")
        yield from (f"| {kind} | {target} | {left} |" for kind, target, left in tried[cloud])
        yield from ("", *(f"- {each}" for each in _limits(cloud)))
    yield from _without(entries, {kind for rows in tried.values() for kind, _, _ in rows})


def _limits(cloud: str) -> tuple[str, ...]:
    if cloud != "gcp":
        return {"aws": _AWS_LIMITS, "azure": _AZURE_LIMITS}[cloud]
    said = [f"{target} {each}." for target, limits in LIMITS.items() for each in limits]
    unserved = [kind for kind in gcp.KINDS if not any(kind in each for each in SERVED.values())]
    names = ", ".join(f"`{each}`" for each in unserved)
    return (*said, *_GCP_TRAIL, f"Written for GCP and served by none of them: {names}.")


def _without(entries: list[Entry], live: set[str]) -> Iterator[str]:
    yield from ("", "## Controls without a live target", "")
    yield "Their live verdicts rest on the store for the types named, and count as no evidence for those."
    yield from ("", "| control | types without one |", "|---|---|")
    for each in entries:
        lacks = sorted({kind for kind in each.control.types if kind != "estate"} - live)
        if each.cloud in CLOUDS and lacks:
            yield f"| {each.id} | {', '.join(lacks)} |"
        elif each.cloud in CLOUDS and set(each.control.types) == {"estate"}:
            yield f"| {each.id} | the whole estate: as far as its types have targets |"


if __name__ == "__main__":
    PAGE.write_text(page())
