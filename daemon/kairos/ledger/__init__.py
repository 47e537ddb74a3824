"""Receipts: what was decided, from what, at what cost, in a chain that shows when it was touched."""

from __future__ import annotations

from kairos.ledger.book import Ledger
from kairos.ledger.chain import Head
from kairos.ledger.read import Receipt, last_before, of_kind, read, retained_before, verdicts
from kairos.ledger.retained import Retained, RetainedFrame
from kairos.ledger.schema import SCHEMA
from kairos.ledger.verify import Verification, verify

__all__ = [
    "SCHEMA",
    "Head",
    "Ledger",
    "Receipt",
    "Retained",
    "RetainedFrame",
    "Verification",
    "last_before",
    "of_kind",
    "read",
    "retained_before",
    "verdicts",
    "verify",
]
