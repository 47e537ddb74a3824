"""Ways to act: what one is asked, and what it must keep to."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import msgspec


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What an actuator is asked to do."""

    action: int
    key: str
    """Idempotency key: the same order, repeated after a crash, has the same key."""
    what: str
    source: str
    event: str
    """Id of the newest event it is about; empty for an idle beat."""
    receipt: int


@runtime_checkable
class Actuator(Protocol):
    """One way to act. `name` is the word the mind writes."""

    @property
    def name(self) -> str:
        """Lower case letters, digits, `.`, `_`, `-`."""
        ...

    @property
    def idempotent(self) -> bool:
        """Whether doing an order twice with one key is the same as once."""
        ...

    async def act(self, order: Order) -> str:
        """Carry out `order` and say what was done; raises `ActuatorFailed`."""
        ...
