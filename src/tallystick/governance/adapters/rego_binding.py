"""Answer as `opa eval` does, by OPA's library as the Python package `opa_bindings` has it: for who has no `opa`.

A program of its own and not a function, since the library cannot be stopped: who asks it waits, and then ends it. It
needs nothing but that package, and so runs in an environment that has no Tallystick.
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any


def main(arguments: list[str]) -> int:
    """Take `eval --format json --data FILE --input FILE QUERY`; give 2 when it cannot be judged, as `opa` does."""
    *_, data, _, given, query = arguments
    opa: Any = importlib.import_module("opa_bindings")
    rule, document = Path(data), json.loads(Path(given).read_text("utf-8"))
    try:
        with opa.OpaEngine() as engine:
            engine.add_policy(rule.name, rule.read_text("utf-8"))
            value = engine.eval_document(query.removeprefix("data."), document)
    except opa.OpaUndefinedError:
        said: dict[str, Any] = {}
    except opa.OpaError as error:
        said = {"errors": [{"message": error.message}]}
    else:
        said = {"result": [{"expressions": [{"value": value}]}]}
    sys.stdout.write(json.dumps(said))
    return 2 if "errors" in said else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
