"""The only place that knows every context: composing, serving, the command line, the demonstration."""
