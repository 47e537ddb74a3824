"""Logging: lazy loggers, JSON where nobody looks, a file that may fail."""

from __future__ import annotations

import json
import logging

import pytest

from kairos import logs


@pytest.fixture(autouse=True)
def _root():
    handlers = logging.getLogger().handlers[:]
    yield
    for handler in logging.getLogger().handlers:
        handler.close()
    logging.getLogger().handlers[:] = handlers


def test_a_logger_made_before_the_set_up_follows_it(capsys):
    early = logs.get_logger("early")

    logs.set_up(level="info", form="json")
    early.debug("quiet")
    early.info("loud", answer=42)

    (line,) = capsys.readouterr().err.splitlines()
    fields = json.loads(line)
    assert (fields["event"], fields["answer"], fields["room"], fields["level"]) == ("loud", 42, "early", "info")


def test_the_file_has_json_lines_and_rotates(folder):
    logs.set_up(level="info", form="console", file=folder / "log" / "k.log", file_bytes=2000, file_count=2)
    for n in range(100):
        logs.get_logger("x").info("line", n=n)

    names = sorted(path.name for path in (folder / "log").iterdir())
    assert names == ["k.log", "k.log.1", "k.log.2"]
    assert json.loads((folder / "log" / "k.log").read_text().splitlines()[-1])["n"] == 99


def test_a_file_that_cannot_be_is_said_and_the_rest_goes_on(folder, capsys):
    (folder / "log").write_text("in the way")

    logs.set_up(level="info", form="json", file=folder / "log" / "k.log")
    logs.get_logger("x").info("still here")

    out = capsys.readouterr().err
    assert "log.no_file" in out
    assert "still here" in out
