"""Plans as the services' sessions make them: once, whatever the parameters will be."""

import json
from typing import Any

from tallystick.runtime.database import Connection


async def scans_of(connection: Connection, text: str) -> list[dict[str, Any]]:
    """Plan a statement generically; answers every node of the plan that reads a table, by an index or not."""
    parameters = (await connection.prepare(text)).get_parameters()
    await connection.execute(f"PREPARE explained AS {text}")
    nothing = ", ".join(["NULL"] * len(parameters))
    plan = await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE explained ({nothing})")
    await connection.execute("DEALLOCATE explained")
    return _scans(json.loads(plan)[0]["Plan"])


def _scans(node: dict[str, Any]) -> list[dict[str, Any]]:
    below = [scan for child in node.get("Plans", []) for scan in _scans(child)]
    reads = "Relation Name" in node and node["Node Type"] != "ModifyTable"
    return [node, *below] if reads else below
