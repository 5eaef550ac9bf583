"""JSON lines in production, readable lines elsewhere."""

from __future__ import annotations

import logging

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from zebu.config import Settings


def _empty_message(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    event["message"] = ""
    return event


def configure(settings: Settings) -> None:
    """Set up structlog for the environment."""
    level = logging.getLevelNamesMapping().get(settings.log_level.upper(), logging.INFO)
    logging.basicConfig(level=level, format="%(levelname)s:     %(message)s")
    # Its lines name addresses whole, and the price service takes its key in the address.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    site = structlog.processors.CallsiteParameter
    processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.CallsiteParameterAdder({site.FILENAME, site.FUNC_NAME, site.LINENO}),
        _empty_message,
    ]
    production = settings.environment == "production"
    processors.append(
        structlog.processors.JSONRenderer() if production else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(),
    )


def logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """A logger that names its module, as every line of the application does."""
    bound: structlog.typing.FilteringBoundLogger = structlog.get_logger().bind(logger=name)
    return bound
