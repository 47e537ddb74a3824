"""The owner's rules: plain sentences in `<state>/policy.md`, read at start and on reload, and asked behind every event.

A file of the owner's, never of an event's: nothing that arrives over a socket can write it. Each line that
begins with `-` is a rule; everything else is the owner's own notes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from kairos.errors import SettingsError

_MOST: Final = 24
_LONGEST: Final = 200
TEMPLATE: Final = """\
# Rules of the owner

What you would tell a person who watches your machines for you, a sentence a line, each behind a dash. They are read
when the daemon starts and on `kairos reload`, and asked about every event. Examples, without their dash so that they do nothing:

    the backup of nas may fail
    tell me whenever the cellar door is opened
"""


def read_rules(path: Path) -> tuple[str, ...]:
    """The rules in `path`; none if there is no such file. Raises `SettingsError` naming the line."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError("policy.md", f"cannot be read: {error}", where=str(path)) from error
    found: list[str] = []
    for number, line in enumerate(lines, 1):
        if not line.startswith("-"):
            continue
        rule = " ".join(line[1:].split())
        if len(rule) > _LONGEST:
            raise SettingsError(
                "policy.md", f"has a rule of {len(rule)} characters in line {number}", where=str(path), allowed=f"{_LONGEST} at most"
            )
        if rule:
            found.append(rule)
    if len(found) > _MOST:
        raise SettingsError("policy.md", f"has {len(found)} rules", where=str(path), allowed=f"{_MOST} at most, every event pays for each")
    return tuple(found)
