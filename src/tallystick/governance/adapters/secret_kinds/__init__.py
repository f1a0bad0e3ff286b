"""How secrets are made, brought into force, tried and ended, kind by kind."""
