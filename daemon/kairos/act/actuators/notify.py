"""`notify`: tell the person, on the desktop if there is one, on the feed and in the log in any case."""

from __future__ import annotations

from kairos.errors import ActuatorFailed
from kairos.logs import get_logger
from kairos.ports import Desktop, Order, Publisher

log = get_logger("notify")


class NotifyActuator:
    """Desktop, feed and log. Without a desktop it says so once and goes on with the other two."""

    name = "notify"
    idempotent = True

    def __init__(self, desktop: Desktop | None, publisher: Publisher) -> None:
        self._desktop = desktop
        self._publisher = publisher

    async def act(self, order: Order) -> str:
        """Tell the person."""
        body = {"what": order.what, "source": order.source, "event": order.event, "key": order.key}
        self._publisher.publish("notice", body)
        if self._desktop is not None:
            try:
                await self._desktop.notify(f"KAIROS: {order.source}", order.what, order.key)
                return "shown on the desktop"
            except ActuatorFailed as error:
                log.info("notify.no_desktop", reason=str(error), remedy="notices go to the log and the feed")
                self._desktop = None
        log.warning("notice", what=order.what, source=order.source, receipt=order.receipt)
        return "told in the log and on the feed"
