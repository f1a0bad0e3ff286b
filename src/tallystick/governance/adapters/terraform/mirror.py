"""Put our provider in the place of aws, azurerm and google, by Terraform's own configuration alone.

The HCL names the real providers. Terraform looks for them where its CLI configuration says; ours names a folder in
which each is a script that starts our provider. Without this configuration the same HCL runs on the real providers.
Source: developer.hashicorp.com/terraform/cli/config/config-file, "Explicit Installation Method Configuration".
"""

import os
import platform
import sys
from pathlib import Path
from typing import Final

from tallystick.governance.adapters.provider import pack

# OpenTofu looks for hashicorp/aws at a registry of its own.
HOSTS: Final = ("registry.terraform.io", "registry.opentofu.org")
ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def write(folder: Path) -> Path:
    """Write the mirror into a folder, and give the path of the CLI configuration that uses it.

    The configuration names no other way to install a provider, so that a foreign one is refused and nothing is fetched.
    """
    plugins = folder.resolve() / "plugins"
    place = (
        f"{platform.system().lower()}_{ARCHITECTURES.get(platform.machine(), platform.machine())}"
    )
    for name, version in pack.versions().items():
        for host in HOSTS:
            program = plugins.joinpath(host, "hashicorp", name, version, place)
            program = program / f"terraform-provider-{name}_v{version}"
            _write(program, _script(name))
    configuration = folder.resolve() / "cli.tfrc"
    _write(
        configuration,
        "disable_checkpoint = true\n"
        f'provider_installation {{\n  filesystem_mirror {{\n    path = "{plugins}"\n  }}\n}}\n',
    )
    return configuration


def _script(name: str) -> str:
    return f'#!/bin/sh\nexec "{sys.executable}" -m tallystick.governance.adapters.provider {name}\n'


def _write(path: Path, text: str) -> None:
    """Write a file whole, so that another process that writes the same mirror is not in the way."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.read_text() == text:
        return
    new = path.with_name(f"{path.name}.{os.getpid()}")
    new.write_text(text)
    if path.name.startswith("terraform-provider"):
        new.chmod(0o755)
    new.replace(path)
