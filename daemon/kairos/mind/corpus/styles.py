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
_DAYS = "Mon Tue Wed Thu Fri Sat Sun".split()
_LEVELS = ["INFO", "INFO", "INFO", "NOTICE", "WARN", "WARNING", "ERROR", "ERROR", "FATAL", "CRITICAL", "DEBUG", "SEVERE", "TRACE"]


def _clock(rng: Random) -> str:
    return f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}"


def _date(rng: Random) -> str:
    return f"20{rng.randint(5, 27):02}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"


def _short(rng: Random) -> str:
    return f"{rng.choice(_MONTHS)} {rng.randint(1, 28):2} {_clock(rng)}"


def _level(rng: Random) -> str:
    return rng.choice(_LEVELS)


def _syslog(message: str, rng: Random) -> tuple[str, str]:
    program, pid = draw("svc", rng), draw("pid", rng)
    return program, f"{_short(rng)} {draw('host', rng)} {program}{rng.choice(['', f'[{pid}]'])}: {message}"


def _iso(message: str, rng: Random) -> tuple[str, str]:
    return "syslog", f"{_date(rng)}T{_clock(rng)}+00:00 {draw('host', rng)} {draw('svc', rng)}: {message}"


def _rfc5424(message: str, rng: Random) -> tuple[str, str]:
    program = draw("svc", rng)
    return program, f"<{rng.randint(1, 191)}>1 {_date(rng)}T{_clock(rng)}Z {draw('host', rng)} {program} {draw('pid', rng)} - - {message}"


def _kernel(message: str, rng: Random) -> tuple[str, str]:
    return "kernel", f"[{rng.uniform(1, 9e5):12.6f}] {message}"


def _java(message: str, rng: Random) -> tuple[str, str]:
    stamp = f"{_date(rng)} {_clock(rng)},{rng.randint(0, 999):03}"
    return draw("svc", rng), f"{stamp} {_level(rng):5} [main-{rng.randint(1, 9)}] o.a.{draw('word', rng)}.Main - {message}"


def _logback(message: str, rng: Random) -> tuple[str, str]:
    place = f"c.{draw('word', rng)}.{draw('word', rng).title()}Service"
    return draw(
        "svc", rng
    ), f"{_clock(rng)}.{rng.randint(0, 999):03} [{draw('word', rng)}-{rng.randint(1, 20)}] {_level(rng)} {place} : {message}"


def _python(message: str, rng: Random) -> tuple[str, str]:
    return draw("svc", rng), f"{_level(rng)}:{draw('word', rng)}.{draw('word', rng)}:{message}"


def _python_time(message: str, rng: Random) -> tuple[str, str]:
    return draw("svc", rng), f"{_date(rng)} {_clock(rng)},{rng.randint(0, 999):03} - {draw('word', rng)} - {_level(rng)} - {message}"


def _apache(message: str, rng: Random) -> tuple[str, str]:
    day = f"{rng.choice(_DAYS)} {rng.choice(_MONTHS)} {rng.randint(1, 28):02}"
    return "httpd", f"[{day} {_clock(rng)} 20{rng.randint(5, 27):02}] [{rng.choice(['notice', 'error', 'warn', 'info', 'crit'])}] {message}"


def _nginx(message: str, rng: Random) -> tuple[str, str]:
    stamp = f"{_date(rng).replace('-', '/')} {_clock(rng)}"
    return "nginx", f"{stamp} [{rng.choice(['error', 'warn', 'notice', 'crit'])}] {draw('pid', rng)}#0: *{draw('n', rng)} {message}"


def _key_value(message: str, rng: Random) -> tuple[str, str]:
    return draw("svc", rng), f'ts={rng.randint(10**9, 2 * 10**9)} level={_level(rng).lower()} msg="{message}"'


def _logfmt(message: str, rng: Random) -> tuple[str, str]:
    stamp = f"{_date(rng)}T{_clock(rng)}Z"
    return draw("svc", rng), f'time="{stamp}" level={_level(rng).lower()} msg={json.dumps(message)} component={draw("word", rng)}'


def _journald(message: str, rng: Random) -> tuple[str, str]:
    fields = {"PRIORITY": str(rng.randint(2, 7)), "_SYSTEMD_UNIT": f"{draw('svc', rng)}.service", "MESSAGE": message}
    return "journal", json.dumps(fields, ensure_ascii=False)


def _json_line(message: str, rng: Random) -> tuple[str, str]:
    fields = [("time", f"{_date(rng)}T{_clock(rng)}Z"), ("severity", _level(rng)), ("service", draw("svc", rng)), ("message", message)]
    rng.shuffle(fields)
    return draw("svc", rng), json.dumps(dict(fields), ensure_ascii=False)


def _node(message: str, rng: Random) -> tuple[str, str]:
    rack, blade, place = rng.randint(0, 63), rng.randint(0, 15), rng.randint(0, 9)
    node = rng.choice(
        [
            f"R{rack:02}-M{place % 2}-N{place}",
            f"c{rack}-{place}c{blade % 3}s{blade}n{place % 4}",
            f"nid{rack * 160 + blade:05}",
            f"rack{rack}/blade{blade}",
        ]
    )
    facility = rng.choice(["KERNEL", "APP", "LINK", "MONITOR", "HARDWARE", "POWER", "SERV"])
    return "ras", f"{rng.randint(10**9, 2 * 10**9)} {_date(rng).replace('-', '.')} {node} {facility} {_level(rng)} {message}"


def _windows(message: str, rng: Random) -> tuple[str, str]:
    level = rng.choice(["Information", "Warning", "Error", "Critical"])
    return "eventlog", f"{_date(rng)} {_clock(rng)}, {level}, {draw('svc', rng)}, EventID {rng.randint(1, 9000)}, {message}"


def _android(message: str, rng: Random) -> tuple[str, str]:
    stamp = f"{rng.randint(1, 12):02}-{rng.randint(1, 28):02} {_clock(rng)}.{rng.randint(0, 999):03}"
    return "phone", f"{stamp} {draw('pid', rng)} {draw('pid', rng)} {rng.choice('VDIWEF')} {draw('word', rng).title()}Manager: {message}"


def _klog(message: str, rng: Random) -> tuple[str, str]:
    stamp = f"{rng.choice('IWEF')}{rng.randint(1, 12):02}{rng.randint(1, 28):02} {_clock(rng)}.{rng.randint(0, 999999):06}"
    return draw("svc", rng), f"{stamp} {draw('pid', rng)} {draw('word', rng)}.go:{rng.randint(20, 900)}] {message}"


def _cef(message: str, rng: Random) -> tuple[str, str]:
    head = f"CEF:0|{draw('word', rng).title()}|{draw('svc', rng)}|{rng.randint(1, 9)}.{rng.randint(0, 9)}"
    return "siem", f"{head}|{rng.randint(100, 999)}|event|{rng.randint(0, 10)}|msg={message}"


def _compose(message: str, rng: Random) -> tuple[str, str]:
    name = draw("ctr", rng)
    return name, f"{name}-{rng.randint(1, 3)}  | {message}"


def _tagged(message: str, rng: Random) -> tuple[str, str]:
    return draw("host", rng), f"[{_level(rng)}] {message}"


def _program(message: str, rng: Random) -> tuple[str, str]:
    program = draw("svc", rng)
    return program, f"{program}: {message}"


def _bare(message: str, rng: Random) -> tuple[str, str]:
    return rng.choice(["app", "script", "monitor", "journal", draw("host", rng), draw("svc", rng)]), message


def _sentence(message: str, rng: Random) -> tuple[str, str]:
    return rng.choice(["cli", "phone", "script", draw("user", rng)]), message[0].upper() + message[1:] + rng.choice(["", ".", "!"])


_HEADS: Final[tuple[Callable[[Random], str], ...]] = (
    _short,
    lambda rng: f"{_date(rng)} {_clock(rng)}",
    lambda rng: f"{_date(rng)}T{_clock(rng)}.{rng.randint(0, 999):03}Z",
    lambda rng: f"{_date(rng).replace('-', '/')} {_clock(rng)}",
    lambda rng: f"{rng.randint(1, 31)}.{rng.randint(1, 12)}.20{rng.randint(10, 27)} {_clock(rng)}",
    lambda rng: str(rng.randint(10**9, 2 * 10**9)),
    _level,
    lambda rng: _level(rng).lower(),
    lambda rng: f"<{rng.randint(1, 191)}>",
    lambda rng: f"level={_level(rng).lower()}",
    lambda rng: f"severity {rng.randint(0, 7)}",
    lambda rng: draw("host", rng),
    lambda rng: f"host={draw('host', rng)}",
    lambda rng: f"{draw('svc', rng)}[{draw('pid', rng)}]",
    lambda rng: f"{draw('word', rng)}.{draw('word', rng)}",
    lambda rng: f"{rng.choice('EWIFDCAN')}-{rng.randint(1, 9999):04}",
    lambda rng: f"0x{draw('hex', rng)}",
    lambda rng: draw("uuid", rng)[:13],
    lambda rng: f"tid={rng.randint(1, 9999)}",
    lambda rng: f"{rng.randint(1, 40)}/{rng.randint(1, 40)}",
    lambda rng: draw("ip", rng),
    lambda rng: f"{draw('word', rng).upper()}_{draw('word', rng).upper()}",
)
_TAILS: Final[tuple[Callable[[Random], str], ...]] = (
    lambda rng: f"(id {draw('hex', rng)})",
    lambda rng: f"req={draw('uuid', rng)[:8]}",
    lambda rng: f"[{draw('word', rng)}.c:{rng.randint(10, 3000)}]",
    lambda rng: f"seq={rng.randint(1, 10**6)}",
    lambda rng: f"@{draw('host', rng)}",
)


def _invented(message: str, rng: Random) -> tuple[str, str]:
    """A format nobody has met: up to five header fields, any order, brackets and separator of its own."""
    left, right = rng.choice([("", ""), ("", ""), ("[", "]"), ("(", ")"), ("<", ">"), ('"', '"')])
    head = [f"{left}{field(rng)}{right}" for field in rng.sample(_HEADS, rng.randint(1, 5))]
    tail = [rng.choice(_TAILS)(rng)] if rng.random() < 0.25 else []  # noqa: PLR2004
    between = rng.choice([" ", " ", " ", " | ", " - ", ": ", ",", ";", "\t"])
    return rng.choice([draw("svc", rng), draw("host", rng), draw("word", rng)]), between.join([*head, message, *tail])


STYLES: Final[dict[str, Style]] = {
    "syslog": _syslog, "iso": _iso, "rfc5424": _rfc5424, "kernel": _kernel, "java": _java, "logback": _logback,
    "python": _python, "python-time": _python_time, "apache": _apache, "nginx": _nginx, "key-value": _key_value,
    "logfmt": _logfmt, "journald": _journald, "json": _json_line, "node": _node, "windows": _windows, "android": _android,
    "klog": _klog, "cef": _cef, "compose": _compose, "tagged": _tagged, "program": _program, "bare": _bare, "sentence": _sentence,
    "invented": _invented,
}  # fmt: skip
WEIGHTS: Final[dict[str, float]] = {"bare": 6.0, "syslog": 2.0, "program": 1.5, "invented": 6.0}
"""How often a style is drawn beside the others, 1 each: most events come without a wrapper."""
