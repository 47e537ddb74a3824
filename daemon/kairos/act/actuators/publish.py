"""`publish`: the sentence on the feed, topic `said`, for programs that subscribe."""

from __future__ import annotations

from kairos.ports import Order, Publisher


class PublishActuator:
    """Sends to the feed."""

    name = "publish"
    idempotent = True

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    async def act(self, order: Order) -> str:
        """Send it; subscribers drop a `key` they have seen."""
        body = {"what": order.what, "source": order.source, "event": order.event, "key": order.key}
        self._publisher.publish("said", body)
        return "published"
