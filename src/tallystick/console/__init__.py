"""The console: pages for people, over the doors of every context."""
