"""``python -m tallystick``: the command line."""

from tallystick.apps.cli import main

main()
