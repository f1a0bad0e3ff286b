"""Addresses of signing in, as they are known outside the console too."""

from typing import Final

SIGN_IN: Final = "/sign-in"
STEP_UP: Final = "/step-up"
CONSENTS: Final = "/me/consents"
BACK: Final = f"{SIGN_IN}/back"
"""Where a provider sends the browser back to."""
