"""How the same news looks in different mouths: syslog, journald JSON, Java, key=value, plain words.

A style wraps a message and knows nothing of its meaning, so a style can be kept back whole to see
whether the mind reads news or formats. Severity words are drawn at random on purpose: real logs
print FATAL on trifles and INFO on disasters.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Final, TypeAlias

from kairos.mind.corpus.slots import draw

Style: TypeAlias = Callable[[str, Random], tuple[str, str]]

_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_LEVELS = ["INFO", "INFO", "NOTICE", "WARN", "ERROR", "FATAL", "DEBUG"]


def _clock(rng: Random) -> str:
    return f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}"


def _date(rng: Random) -> str:
    return f"20{rng.randint(5, 27):02}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"


def _syslog(message: str, rng: Random) -> tuple[str, str]:
    stamp = f"{rng.choice(_MONTHS)} {rng.randint(1, 28):2} {_clock(rng)}"
    program = draw("svc", rng)
    return program, f"{stamp} {draw('host', rng)} {program}[{draw('pid', rng)}]: {message}"


def _iso(message: str, rng: Random) -> tuple[str, str]:
    return "syslog", f"{_date(rng)}T{_clock(rng)}+00:00 {draw('host', rng)} {draw('svc', rng)}: {message}"


def _kernel(message: str, rng: Random) -> tuple[str, str]:
    return "kernel", f"[{rng.uniform(1, 9e5):12.6f}] {message}"


def _java(message: str, rng: Random) -> tuple[str, str]:
    stamp = f"{_date(rng)} {_clock(rng)},{rng.randint(0, 999):03}"
    return draw("svc", rng), f"{stamp} {rng.choice(_LEVELS):5} [main-{rng.randint(1, 9)}] o.a.{draw('word', rng)}.Main - {message}"


def _python(message: str, rng: Random) -> tuple[str, str]:
    return draw("svc", rng), f"{rng.choice(_LEVELS)}:{draw('word', rng)}.{draw('word', rng)}:{message}"


def _apache(message: str, rng: Random) -> tuple[str, str]:
    level = rng.choice(["notice", "error", "warn"])
    day = f"{rng.choice(['Mon', 'Thu', 'Sun'])} {rng.choice(_MONTHS)} {rng.randint(1, 28):02}"
    return "httpd", f"[{day} {_clock(rng)} 20{rng.randint(5, 27):02}] [{level}] {message}"


def _key_value(message: str, rng: Random) -> tuple[str, str]:
    return draw("svc", rng), f'ts={rng.randint(10**9, 2 * 10**9)} level={rng.choice(_LEVELS).lower()} msg="{message}"'


def _journald(message: str, rng: Random) -> tuple[str, str]:
    unit = draw("svc", rng)
    fields = {"PRIORITY": str(rng.randint(2, 7)), "_SYSTEMD_UNIT": f"{unit}.service", "MESSAGE": message}
    return "journal", json.dumps(fields)


def _supercomputer(message: str, rng: Random) -> tuple[str, str]:
    node = f"R{rng.randint(0, 63):02}-M{rng.randint(0, 1)}-N{rng.randint(0, 9)}"
    return "ras", f"{rng.randint(10**9, 2 * 10**9)} {node} RAS {rng.choice(['KERNEL', 'APP', 'LINKCARD'])} {rng.choice(_LEVELS)} {message}"


def _windows(message: str, rng: Random) -> tuple[str, str]:
    return "eventlog", f"EventID {rng.randint(1, 9000)} Source {draw('svc', rng)} Level {rng.choice(_LEVELS)}: {message}"


def _bare(message: str, rng: Random) -> tuple[str, str]:
    return rng.choice(["app", "script", "monitor", draw("host", rng)]), message


def _sentence(message: str, rng: Random) -> tuple[str, str]:
    return rng.choice(["cli", "phone", "script", draw("user", rng)]), message[0].upper() + message[1:] + rng.choice(["", ".", "!"])


STYLES: Final[dict[str, Style]] = {
    "syslog": _syslog, "iso": _iso, "kernel": _kernel, "java": _java, "python": _python,
    "apache": _apache, "key-value": _key_value, "journald": _journald, "ras": _supercomputer,
    "windows": _windows, "bare": _bare, "sentence": _sentence,
}  # fmt: skip
