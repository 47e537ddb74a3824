"""Receipts: what was decided, from what, at what cost, in a chain that shows when it was touched."""

from __future__ import annotations

from kairos.ledger.book import Ledger
from kairos.ledger.chain import Head
from kairos.ledger.retained import Retained, RetainedFrame
from kairos.ledger.schema import SCHEMA
from kairos.ledger.verify import Verification, verify

__all__ = ["SCHEMA", "Head", "Ledger", "Retained", "RetainedFrame", "Verification", "verify"]
