"""The wire format, version 1, as code: bytes to messages and back. `docs/messaging.md` is the law.

A message is one frame: a JSON object, or the same as msgpack. Its first byte tells which: `{` opens
JSON, everything else is msgpack. Pure functions, used by daemon and client alike; nothing here
knows sockets.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final, Literal

import msgspec

from kairos.errors import WireError

VERSION: Final = 1
Encoding = Literal["json", "msgpack"]

_json_decode = msgspec.json.Decoder().decode
_json_encode = msgspec.json.Encoder().encode
_pack_decode = msgspec.msgpack.Decoder().decode
_pack_encode = msgspec.msgpack.Encoder().encode


def encoding_of(frame: bytes) -> Encoding:
    """Which of the two encodings a frame claims to be."""
    return "json" if frame[:1].strip() in (b"{", b"") else "msgpack"


def unpack(frame: bytes, *, max_bytes: int) -> dict[str, Any]:
    """One frame to a message of our version; raises `WireError`."""
    if len(frame) > max_bytes:
        raise WireError("too_big", "message", f"has {len(frame)} bytes, the most is {max_bytes}")
    if not frame:
        raise WireError("malformed", "message", "is empty")
    try:
        message = _json_decode(frame) if encoding_of(frame) == "json" else _pack_decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError("malformed", "message", f"is neither JSON nor msgpack: {error}") from error
    if not isinstance(message, dict):
        raise WireError("malformed", "message", "is not an object")
    fields: dict[Any, Any] = message  # pyright: ignore[reportUnknownVariableType]
    if not all(isinstance(key, str) for key in fields):
        raise WireError("malformed", "message", "has a key that is not text")
    version = fields.get("v")
    if type(version) is not int or version != VERSION:
        raise WireError("version", "v", f"is {version!r}, this daemon speaks {VERSION}")
    return fields


def pack(message: dict[str, Any], encoding: Encoding) -> bytes:
    """A message to one frame; bytes become base64 in JSON."""
    body = {"v": VERSION, **message}
    return _json_encode(body) if encoding == "json" else _pack_encode(body)


def blob(value: Any, field: str) -> bytes:
    """Binary data as either encoding carries it: bytes, or base64 text."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError) as error:
            raise WireError("malformed", field, "is not base64") from error
    raise WireError("type", field, "must be bytes (msgpack) or base64 text (JSON)")
