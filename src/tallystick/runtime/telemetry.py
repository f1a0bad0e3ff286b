"""Logs: one JSON object a line, without the variables of tracebacks (a key could be among them)."""

import logging
import sys

import structlog

from tallystick.runtime.tracing import add_trace


def configure_logging(level: str) -> None:
    """Send structured logs to standard error from this level on. Raises ValueError for an unknown level."""
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ValueError(f"TALLYSTICK_LOG_LEVEL is debug, info, warning or error, not {level!r}")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            add_trace,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
