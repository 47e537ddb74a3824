"""The daemon's door: who may send, what a message may be, and the feed that tells what became of it."""

from __future__ import annotations

from kairos.bus.auth import Curve, curve
from kairos.bus.codec import Codec
from kairos.bus.doorman import Doorman, DoormanStatistics
from kairos.bus.feed import Feed
from kairos.bus.lock import StateLock
from kairos.bus.sockets import Bound, bind

__all__ = ["Bound", "Codec", "Curve", "Doorman", "DoormanStatistics", "Feed", "StateLock", "bind", "curve"]
