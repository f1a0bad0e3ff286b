"""``make opinions``: compare, refuse what nobody explained, and write the facts and the page."""

import json
import sys

from tests.governance.opinions.gathering import CHECKOV, gathered
from tests.governance.opinions.joining import FACTS, joined, reviewed, unexplained
from tests.governance.opinions.page import PAGE, page


def main() -> int:
    """Give 1 when a difference has no words."""
    if not CHECKOV.exists():
        sys.exit("checkov is not installed: run `make opinions`")
    mapping = reviewed()
    said = joined(*gathered(), mapping)
    FACTS.write_text(json.dumps(said, indent=0, sort_keys=True) + "\n", "utf-8")
    PAGE.write_text(page(said, mapping), "utf-8")
    left = unexplained(said, mapping)
    print(*left, sep="\n", file=sys.stderr)
    return bool(left)


sys.exit(main())
