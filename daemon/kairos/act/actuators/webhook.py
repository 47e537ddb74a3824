"""`webhook.NAME`: POST to a URL the owner named. The mind chooses the name, never the address."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Final

from anyio import to_thread

from kairos.config import WebhookTemplate
from kairos.errors import ActuatorFailed
from kairos.ports import Order


class WebhookActuator:
    """One `[act.webhooks.NAME]`."""

    def __init__(self, name: str, template: WebhookTemplate) -> None:
        self.name: Final = f"webhook.{name}"
        self.idempotent: Final = template.idempotent
        self._template = template

    async def act(self, order: Order) -> str:
        """Send it; anything but 2xx is a failure."""
        return await to_thread.run_sync(self._post, order, abandon_on_cancel=True)

    def _post(self, order: Order) -> str:
        body = {
            "actuator": self.name, "what": order.what, "source": order.source,
            "event": order.event, "key": order.key,
        }  # fmt: skip
        request = urllib.request.Request(  # noqa: S310 - the scheme is checked with the settings
            self._template.url,
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Idempotency-Key": order.key},
            method="POST",
        )
        try:
            with urllib.request.urlopen(request, timeout=self._template.timeout_s) as answer:  # noqa: S310
                return f"HTTP {answer.status}"
        except urllib.error.HTTPError as error:
            error.close()  # it is the answer, and holds the socket
            raise ActuatorFailed(self.name, f"HTTP {error.code}") from error
        except (urllib.error.URLError, TimeoutError, OSError) as error:
            raise ActuatorFailed(self.name, f"no answer: {getattr(error, 'reason', error)}") from error
