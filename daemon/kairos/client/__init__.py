"""Talk to a daemon from Python: `Client` (sync), `AsyncClient`, `subscribe`. Needs no torch.

from kairos.client import Client
with Client() as kairos:
    kairos.send("the door of the cellar is open", source="house")
    print(kairos.send("disk of nas at 97 %", wait=True))
"""

from __future__ import annotations

from kairos.client.aio import AsyncClient
from kairos.client.messages import Answer, event_message, new_id
from kairos.client.sync import Client, Message, subscribe

__all__ = ["Answer", "AsyncClient", "Client", "Message", "event_message", "new_id", "subscribe"]
