"""Open the mind the settings name, on its own thread. torch is imported here and not before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack

from kairos.config import MindSettings, Places
from kairos.ledger.chain import signing_key
from kairos.ports import Mind

OpenMind = Callable[[AsyncExitStack, MindSettings, Places, Sequence[str]], Awaitable[Mind]]


async def resident_mind(stack: AsyncExitStack, settings: MindSettings, places: Places, actuators: Sequence[str]) -> Mind:
    """The resident model; closed with `stack`."""
    from kairos.mind.resident import ModelThread, open_mind

    thread = await stack.enter_async_context(ModelThread())
    return await open_mind(thread, settings, places=places, actuators=actuators, key=signing_key(places.keys))
