"""`python -m tallystick.governance.adapters.provider aws`: what Terraform starts in place of a real provider."""

import signal
import sys

from tallystick.governance.adapters.provider import pack
from tallystick.governance.adapters.provider.serving import serve

if len(sys.argv) != 2 or sys.argv[1] not in pack.PROVIDERS:
    sys.exit(f"Name one provider: {', '.join(pack.PROVIDERS)}.")
# As go-plugin has it: an interrupt is for Terraform, which ends what it has begun and then tells us.
signal.signal(signal.SIGINT, signal.SIG_IGN)
serve(sys.argv[1])
