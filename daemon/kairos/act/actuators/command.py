"""`command.NAME`: run a program the owner named, with whole arguments filled in. There is no shell.

What the mind wrote can only ever become the whole of one argument, after it matched the template's
pattern; an argument that would start with `-` is refused, so it cannot become an option.
"""

from __future__ import annotations

import re
from subprocess import DEVNULL, PIPE, STDOUT
from typing import Final

import anyio

from kairos.config import CommandTemplate
from kairos.errors import ActuatorFailed
from kairos.ports import Order

_SLOT: Final = re.compile(r"^\{(what|source|event)\}$")
_KEPT: Final = 200


class CommandActuator:
    """One `[act.commands.NAME]`."""

    def __init__(self, name: str, template: CommandTemplate) -> None:
        self.name: Final = f"command.{name}"
        self.idempotent: Final = template.idempotent
        self._template = template
        self._pattern = re.compile(template.pattern)

    async def act(self, order: Order) -> str:
        """Run it; the last line of its output is the detail."""
        argv = [self._fill(argument, order) for argument in self._template.argv]
        code, text = None, ""
        try:
            with anyio.move_on_after(self._template.timeout_s):
                done = await anyio.run_process(argv, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, check=False)
                code, text = done.returncode, done.stdout.decode("utf-8", "replace").strip()
        except OSError as error:
            raise ActuatorFailed(self.name, f"{argv[0]} cannot be run: {error.strerror}") from error
        last = text.splitlines()[-1][:_KEPT] if text else ""
        if code is None:
            raise ActuatorFailed(self.name, f"took longer than {self._template.timeout_s:g} s and was ended")
        if code != 0:
            raise ActuatorFailed(self.name, f"exit {code}: {last}")
        return last or "exit 0"

    def _fill(self, argument: str, order: Order) -> str:
        slot = _SLOT.match(argument)
        if slot is None:
            return argument
        value = {"what": order.what, "source": order.source, "event": order.event}[slot[1]]
        if value.startswith("-") or not self._pattern.fullmatch(value):
            raise ActuatorFailed(self.name, f"argument {{{slot[1]}}} does not match the pattern: {value!r}")
        return value
