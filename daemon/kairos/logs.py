"""structlog, set up once: a console for people, JSON lines for machines, a rotating file where no journal is.

Log events, not prose: a dotted name and key-values. A quiet tick is DEBUG; an ACTION or a change of
state is one INFO line.
"""

from __future__ import annotations

import logging
import logging.handlers
import os
import sys
from pathlib import Path
from typing import Any, Literal

import structlog

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def get_logger(room: str) -> Any:
    """A logger whose lines carry `room`."""
    return structlog.get_logger("kairos", room=room)  # lazy: loggers made at import follow `set_up`


def under_journal() -> bool:
    """Whether stderr goes to systemd's journal, which keeps and rotates it for us."""
    return "JOURNAL_STREAM" in os.environ


def set_up(
    *,
    level: str = "info",
    form: Literal["auto", "console", "json"] = "auto",
    file: Path | None = None,
    file_bytes: int = 5_000_000,
    file_count: int = 5,
    quiet: bool = False,
) -> None:
    """Configure logging for the process; `file` gets JSON lines, rotated. `quiet` keeps stderr for errors."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.UnicodeDecoder(),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers.clear()
    root.setLevel(logging.WARNING)
    kairos = logging.getLogger("kairos")
    kairos.setLevel(_LEVELS[level])
    stream = logging.StreamHandler(sys.stderr)
    console = form == "console" or (form == "auto" and sys.stderr.isatty())
    stream.setFormatter(_formatter(shared, console=console))
    stream.setLevel(logging.ERROR if quiet else logging.NOTSET)
    root.addHandler(stream)
    if file is not None:
        try:
            root.addHandler(_file_handler(file, file_bytes, file_count, shared))
        except OSError as error:
            get_logger("logs").warning("log.no_file", file=str(file), reason=error.strerror, remedy="the log goes to stderr only")


def _formatter(shared: list[Any], *, console: bool) -> logging.Formatter:
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=24) if console else structlog.processors.JSONRenderer()
    )
    chain: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if not console:
        chain.append(structlog.processors.format_exc_info)
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[*chain, renderer])


def _file_handler(file: Path, file_bytes: int, file_count: int, shared: list[Any]) -> logging.Handler:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handler = logging.handlers.RotatingFileHandler(file, maxBytes=file_bytes, backupCount=file_count, encoding="utf-8", delay=True)
    handler.setFormatter(_formatter(shared, console=False))
    handler.handleError = _swallow  # a full disk must not turn into a traceback on every line
    return handler


def _swallow(record: logging.LogRecord) -> None:
    del record
