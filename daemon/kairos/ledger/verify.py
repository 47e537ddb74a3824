"""Walk the whole chain and name the first receipt that is bad or missing. Used by `kairos doctor`."""

from __future__ import annotations

import sqlite3

import msgspec

from kairos.errors import ChainBroken
from kairos.ledger.chain import GENESIS, Head, link, sign


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What was checked."""

    receipts: int
    segments: int
    head: Head


def verify(connection: sqlite3.Connection, key: bytes, *, published: Head | None = None) -> Verification:
    """Check every hash, every signature, every number; raises `ChainBroken` at the first fault.

    `published` is a head seen on the feed or in the log: a chain that ends before it was cut.
    """
    previous, expected, checked = GENESIS, 1, 0
    segments = connection.execute("SELECT no, first, last, head, signature, pruned FROM segments ORDER BY no").fetchall()
    for no, first, last, head, signature, pruned in segments:
        if sign(key, no, first, last, head) != signature:
            raise ChainBroken(last, f"closes segment {no}, whose signature is wrong")
        if first != expected:
            raise ChainBroken(expected, f"is missing: segment {no} begins at {first}")
        if not pruned:
            previous = _walk(connection, first, last, previous)
            checked += last - first + 1
            if previous != head:
                raise ChainBroken(last, f"does not match the signed head of segment {no}")
        previous, expected = head, last + 1
    (end,) = connection.execute("SELECT COALESCE(MAX(n), 0) FROM receipts").fetchone()
    if end >= expected:
        previous = _walk(connection, expected, end, previous)
        checked += end - expected + 1
    end = max(end, expected - 1)
    _compare(connection, end, previous, published)
    return Verification(receipts=checked, segments=len(segments), head=Head(n=end, hash=previous.hex()))


def _walk(connection: sqlite3.Connection, first: int, last: int, previous: bytes) -> bytes:
    expected = first
    rows = connection.execute("SELECT n, kind, at, body, hash FROM receipts WHERE n BETWEEN ? AND ? ORDER BY n", (first, last))
    for n, kind, at, body, found in rows:
        if n != expected:
            raise ChainBroken(expected, f"is missing: the next one is {n}")
        if link(previous, n, kind, at, body) != found:
            raise ChainBroken(n, "was changed: its hash does not follow from its content and the one before")
        previous, expected = found, n + 1
    if expected != last + 1:
        raise ChainBroken(expected, "is missing")
    return previous


def _compare(connection: sqlite3.Connection, end: int, head: bytes, published: Head | None) -> None:
    if published is None:
        return
    if published.n > end:
        raise ChainBroken(end + 1, f"is missing: receipt {published.n} was published, the ledger ends at {end}")
    row = connection.execute("SELECT hash FROM receipts WHERE n=?", (published.n,)).fetchone()
    found = head if published.n == end else row[0] if row else None
    if found is not None and found.hex() != published.hash:
        raise ChainBroken(published.n, "differs from the head that was published")
