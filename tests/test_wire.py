"""Bytes to messages: both encodings, every refusal."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kairos.errors import WireError
from kairos.wire import blob, encoding_of, pack, unpack

_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(body=st.dictionaries(st.text().filter(lambda k: k != "v"), _values, max_size=5), encoding=st.sampled_from(["json", "msgpack"]))
def test_what_is_packed_is_unpacked_in_the_same_encoding(body, encoding):
    frame = pack(body, encoding)

    assert encoding_of(frame) == encoding
    assert unpack(frame, max_bytes=1 << 20) == {"v": 1, **body}


@given(frame=st.binary(max_size=200))
def test_any_bytes_are_a_message_or_a_wire_error(frame):
    try:
        message = unpack(frame, max_bytes=100)
    except WireError:
        return
    assert message["v"] == 1


@pytest.mark.parametrize(
    ("frame", "code", "field"),
    [
        (b"", "malformed", "message"),
        (b"{", "malformed", "message"),
        (b"[1]", "malformed", "message"),
        (b'{"text": "no version"}', "version", "v"),
        (b'{"v": 2}', "version", "v"),
        (b'{"v": true}', "version", "v"),
        (b'{"v": 1, "text": "\xff"}', "malformed", "message"),
        (msgspec.msgpack.encode({1: 2}), "malformed", "message"),
        (b'{"v": 1, "x": "' + b"y" * 2000 + b'"}', "too_big", "message"),
        (b"[" * 5000, "too_big", "message"),
    ],
)
def test_a_broken_message_is_refused_by_name(frame, code, field):
    with pytest.raises(WireError) as caught:
        unpack(frame, max_bytes=1000)

    assert (caught.value.code, caught.value.field) == (code, field)


def test_deep_nesting_is_a_refusal_and_no_crash():
    with pytest.raises(WireError):
        unpack(b'{"v":1,"a":' + b"[" * 100_000, max_bytes=1 << 20)


def test_binary_data_is_bytes_or_base64():
    assert blob(b"\x00\xff", "rows.data") == blob("AP8=", "rows.data")
    with pytest.raises(WireError):
        blob("not base64!", "rows.data")
    with pytest.raises(WireError):
        blob(7, "rows.data")
