"""Carry actions out: policy, intent on disk, actuator, outcome on disk, outcome as an event again.

The receipt of the verdict and the intent are durable before anything runs. After a crash an intent
without an outcome is repeated only if its actuator is idempotent, with the same key; otherwise it is
`unknown` and says so. Outcomes that went well are recorded only; a failure becomes an event, and the
outcome of an action on such an event does not: that ends the echo.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, tzinfo
from typing import Any, Final

import anyio

from kairos.act.hygiene import why_not
from kairos.act.policy import Facts, Ruling, rule
from kairos.act.states import ActionState
from kairos.act.table import ALIVE, OVER, Action, Actions
from kairos.config import ActSettings
from kairos.database import Database
from kairos.errors import StoreUnavailable
from kairos.events import Event, Outcome, Priority
from kairos.faults import reach
from kairos.logs import get_logger
from kairos.ports import Actuator, Order

Receipting = Callable[[sqlite3.Connection, str, dict[str, Any]], int]
SOURCE: Final = "kairos.act"
_RETRY_S: Final = 5.0
_DEEPEST: Final = 1

log = get_logger("act")


class Hands:
    """The one task that acts. `wake` it after a verdict; run `run` for the daemon's life."""

    def __init__(
        self,
        database: Database,
        actions: Actions,
        actuators: Mapping[str, Actuator],
        settings: ActSettings,
        *,
        receipt: Receipting,
        hear: Callable[[Event], Awaitable[None]],
        told: Callable[[Outcome], None] = lambda _: None,
        zone: tzinfo | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`hear` takes a failure back in as an event; `told` hears of every outcome; silences are in local time of `zone`."""
        self.settings = settings
        self._database = database
        self._actions = actions
        self._actuators = actuators
        self._receipt = receipt
        self._hear = hear
        self._told = told
        self._zone = zone
        self._clock = clock
        self._wake = anyio.Event()

    def wake(self) -> None:
        """There may be something to do."""
        self._wake.set()

    async def run(self) -> None:
        """Settle what a crash left, then act for ever."""
        recovering = True
        while True:
            self._wake = anyio.Event()
            try:
                for action in await self._database.read(self._actions.open):
                    if action.state is ActionState.INTENT:
                        if recovering:
                            await self._recover(action)
                    else:
                        await self._carry(action)
                recovering = False
            except StoreUnavailable:
                await anyio.sleep(_RETRY_S)  # the store has said so itself
                continue
            await self._wake.wait()

    async def answer(self, n: int, *, approve: bool) -> bool:
        """A person's word on action `n`; False if it does not wait."""
        state = ActionState.APPROVED if approve else ActionState.DENIED

        def job(connection: sqlite3.Connection) -> bool:
            if not self._actions.answer(connection, n, state, self._clock()):
                return False
            self._receipt(connection, "approval", {"action": n, "state": state.value})
            return True

        answered = await self._database.write(job)
        self.wake()
        return answered

    async def _carry(self, action: Action) -> None:
        ruling = await self._database.write(lambda c: self._rule(c, action))
        if ruling.state is not ActionState.INTENT:
            self._say(action, ruling.state, ruling.reason)
            return
        reach("intent")
        await self._do(action)

    def _rule(self, connection: sqlite3.Connection, action: Action) -> Ruling:
        """Policy and the receipt of its word, in one transaction."""
        now = self._clock()
        facts = Facts(
            actuator=action.actuator,
            registered=action.actuator in self._actuators,
            approved=action.state is ActionState.APPROVED,
            age_s=now - action.at,
            hush=self._why_not(connection, action, now),
            last_hour=self._actions.last_hour(connection, now),
        )
        ruling = rule(self.settings, facts)
        self._actions.move(connection, action.n, ruling.state, detail=ruling.reason, now=now)
        body = {"action": action.n, "actuator": action.actuator, "state": ruling.state.value, "key": action.key}
        if ruling.reason:
            body["reason"] = ruling.reason
        self._receipt(connection, "intent" if ruling.state is ActionState.INTENT else "ruling", body)
        return ruling

    def _why_not(self, connection: sqlite3.Connection, action: Action, now: float) -> str:
        """A reason to keep quiet about it, from what was said before."""
        longest = max((inhibition.within_s for inhibition in self.settings.inhibit), default=0.0)
        return why_not(
            self.settings, source=action.source, what=action.what, when=datetime.fromtimestamp(now, self._zone),
            recent=self._actions.recent(connection, within_s=longest, now=now) if longest else (),
            since_same_s=self._actions.since_same(
                connection, actuator=action.actuator, source=action.source, template=action.template, now=now
            ),
            insists=action.what.startswith(OVER) or action.source == ALIVE,
        )  # fmt: skip

    async def alive(self) -> None:
        """Propose the sign of life; like any action it has a receipt and obeys the policy."""

        def job(connection: sqlite3.Connection) -> None:
            receipt = self._receipt(connection, "alive", {})
            self._actions.propose(
                connection, receipt=receipt, actuator=self.settings.alive_by, what=f"alive at receipt {receipt}", source=ALIVE,
                template="", event="", depth=_DEEPEST, now=self._clock(),
            )  # fmt: skip

        if self.settings.alive_by:
            with contextlib.suppress(StoreUnavailable):  # the store has said so itself
                await self._database.write(job)
                self.wake()

    async def _do(self, action: Action) -> None:
        """Run it and keep its outcome; a daemon that is told to stop finishes what it began."""
        with anyio.CancelScope(shield=True):
            await self._act(action)

    async def _act(self, action: Action) -> None:
        order = Order(action=action.n, key=action.key, what=action.what, source=action.source, event=action.event, receipt=action.receipt)
        state, detail = ActionState.FAILED, f"took longer than {self.settings.timeout_s:g} s"
        try:
            with anyio.move_on_after(self.settings.timeout_s):
                detail = await self._actuators[action.actuator].act(order)
                state = ActionState.DONE
        except Exception as error:  # noqa: BLE001 - an actuator's failure is an outcome, whatever it raises
            detail = str(error) or type(error).__name__
        reach("act")
        await self._outcome(action, state, detail)

    async def _recover(self, action: Action) -> None:
        actuator = self._actuators.get(action.actuator)
        if actuator is not None and actuator.idempotent:
            await self._do(action)
        else:
            await self._outcome(action, ActionState.UNKNOWN, "the daemon stopped between intent and outcome")

    async def _outcome(self, action: Action, state: ActionState, detail: str) -> None:
        def job(connection: sqlite3.Connection) -> None:
            self._actions.move(connection, action.n, state, detail=detail, now=self._clock())
            self._receipt(connection, "outcome", {"action": action.n, "state": state.value, "detail": detail})

        while True:
            try:
                await self._database.write(job)
                break
            except StoreUnavailable:
                await anyio.sleep(_RETRY_S)  # the deed is done; only its outcome must still be kept
        reach("outcome")
        self._say(action, state, detail)
        if state in (ActionState.FAILED, ActionState.UNKNOWN) and action.depth < _DEEPEST:
            await self._hear(self._echo(action, state, detail))

    def _echo(self, action: Action, state: ActionState, detail: str) -> Event:
        return Event(
            id=f"outcome-{action.key}",
            source=SOURCE,
            kind="text",
            priority=Priority.BACKGROUND,
            at=self._clock(),
            text=f"{action.actuator} {state.value}: {detail} (it was to say: {action.what})"[:1000],
            depth=action.depth + 1,
        )

    def _say(self, action: Action, state: ActionState, detail: str) -> None:
        quiet = state in (ActionState.DONE, ActionState.SUPPRESSED, ActionState.DRY_RUN)
        report = log.debug if quiet else log.warning  # the ACTION itself has had its line
        report("action." + state.value, action=action.n, actuator=action.actuator, detail=detail)
        self._told(Outcome(action=action.n, actuator=action.actuator, state=state.value, detail=detail))
