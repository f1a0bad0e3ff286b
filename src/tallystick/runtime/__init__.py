"""The ground under every context: database, migrations, doors, the edge toolkit. Knows no context."""
