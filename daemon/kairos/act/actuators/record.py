"""`log`: one readable line in the log, for what is worth knowing but not worth a person's minute."""

from __future__ import annotations

from kairos.logs import get_logger
from kairos.ports import Order

log = get_logger("diary")


class LogActuator:
    """Writes to the structured log."""

    name = "log"
    idempotent = True

    async def act(self, order: Order) -> str:
        """Write the line."""
        log.info("noted", what=order.what, source=order.source, receipt=order.receipt)
        return "logged"
