"""What the configuration of a provider says: where its resources live, and which tags each of them bears."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tallystick.governance.adapters.provider.pack import Block
from tallystick.governance.model.values import UNKNOWN

# Whom our targets speak to: the account that moto has, and identities of nobody.
ACCOUNT: Final = "123456789012"
NOBODY: Final = "00000000-0000-0000-0000-000000000000"
PROJECT_NUMBER: Final = "123456789012"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """One configured provider."""

    provider: str
    region: str = ""
    project: str = ""
    subscription: str = NOBODY
    tenant: str = NOBODY
    defaults: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def said(self, block: Block, value: dict[str, Any]) -> dict[str, Any]:
        """Add to a planned value what the real provider adds without asking its cloud: region, project, all tags."""
        made = dict(value)
        fixed = {"region": self.region} if self.provider == "aws" else {"project": self.project}
        for name, text in fixed.items():
            if name in block.attributes and made[name] is UNKNOWN and text:
                made[name] = text
        marks = "tags" if self.provider == "aws" else "labels"
        for name in ("tags_all", "terraform_labels", "effective_labels"):
            if name in block.attributes and marks in block.attributes:
                made[name] = self._all(made[marks])
        return made

    def _all(self, own: Any) -> Any:
        return own if own is UNKNOWN else {**self.defaults, **(own or {})}


def ground(provider: str, config: Mapping[str, Any]) -> Ground:
    """Read a provider's configuration; what it does not set is as our targets have it."""
    if provider == "aws":
        blocks = config.get("default_tags") or [{}]
        tags = blocks[0].get("tags")
        return Ground(
            provider=provider, region=_text(config, "region", "eu-central-1"), defaults=_map(tags)
        )
    if provider == "google":
        return Ground(
            provider=provider,
            region=_text(config, "region", ""),
            project=_text(config, "project", "tallystick"),
            defaults=_map(config.get("default_labels")),
        )
    return Ground(
        provider=provider,
        subscription=_text(config, "subscription_id", NOBODY),
        tenant=_text(config, "tenant_id", NOBODY),
    )


def _text(config: Mapping[str, Any], name: str, otherwise: str) -> str:
    value = config.get(name)
    return value if isinstance(value, str) and value else otherwise


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
