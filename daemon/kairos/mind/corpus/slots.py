"""Draws for the braces in corpus lines: names, numbers and paths no two lines need share.

Without wide draws an adapter learns the names instead of what is said of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random
from typing import Final

_SLOT: Final = re.compile(r"\{(\w+)\}")

_HOSTS = "nas atlas pine hermes box7 edge-3 cellar studio web01 db-2 pi4 LabSZ combo tower node12 oak".split()
_USERS = "anna root admin test guest oracle mara jon backup www-data deploy lee postgres ivan ubuntu".split()
_SERVICES = (
    "nginx sshd postgres docker cups httpd mosquitto grafana jellyfin nextcloud redis vault "
    "unbound ciod mod_jk workerEnv jk2_init samba borg pihole zigbee2mqtt kafka payd authd"
).split()
_ROOMS = "kitchen cellar attic office garage hall bathroom nursery workshop greenhouse desk".split()
_WORDS = "orders invoice stats users cart login report alpha media sync index worker jobs files".split()
_PATHS = (
    "/var/log/syslog /etc/passwd /srv/data/a.db /home/anna/photos /etc/httpd/conf/workers2.properties "
    "/usr/local/bin/sync.sh /var/lib/app/state /opt/job/main.py /var/www/html /etc/nginx/nginx.conf"
).split()
_WHY = ["disk full", "permission denied", "connection refused", "timed out", "no such host", "bad key"]
_ERRORS = ["ValueError", "KeyError: 'id'", "NullPointerException", "IOError", "AssertionError"]

_CHOICES: Final[dict[str, Sequence[str]]] = {
    "host": _HOSTS,
    "user": _USERS,
    "svc": _SERVICES,
    "room": _ROOMS,
    "word": _WORDS,
    "path": _PATHS,
    "why": _WHY,
    "exc": _ERRORS,
    "disk": "/dev/sda /dev/sdb1 /dev/nvme0n1 sdc sdd2 nvme1n1 md0 /dev/vda2".split(),
    "mount": "/ /home /var /srv /mnt/backup /data /boot /media/usb".split(),
    "pool": "tank rpool md0 vg0 bpool raid5a".split(),
    "iface": "eth0 enp3s0 wlan0 wg0 br0 ens18".split(),
    "branch": "main release-2 feature/login fix-141 dev v3".split(),
    "job": "nightly-report sync-photos reindex thumbnails import billing train-7 cleanup".split(),
    "queue": "mail orders events thumbs payments celery".split(),
    "db": "shop app metrics wiki ledger crm".split(),
    "ctr": "web api worker proxy gitea n8n frigate search".split(),
    "ups": "ups0 apc-cellar eaton smart750".split(),
    "printer": "laser1 officejet prusa ender3 label-2".split(),
    "pkg": "openssl libc6 linux-image-amd64 nginx-core python3.11 curl sudo systemd".split(),
    "url": "example.org shop.example.com mail.home.arpa api.example.net wiki.lan".split(),
    "sensor": "coretemp nvme0 gpu acpitz k10temp".split(),
}  # fmt: skip
_RANGES: Final[dict[str, tuple[int, int]]] = {
    "pct_lo": (1, 79), "pct_hi": (94, 100), "pct_bat": (40, 100), "n": (2, 240), "few": (1, 7),
    "big": (1200, 90000), "mb": (20, 9000), "ms": (1, 900), "pid": (300, 65000), "port": (22, 65000),
    "temp_lo": (28, 66), "temp_hi": (96, 112), "temp_bad": (290, 380), "rpm": (600, 2200),
    "n_days": (9, 200), "volt": (226, 234), "volt_bad": (260, 290), "over": (104, 160),
    "room_t": (17, 24), "freeze_ok": (-24, -17), "freeze_bad": (-7, 6), "cold": (-6, 3),
    "co2_ok": (420, 1100), "co2_bad": (2600, 6000),
}  # fmt: skip


_MADE_UP: Final = frozenset("host user svc room word pool job queue db ctr printer branch".split())
_MADE_UP_SHARE: Final = 0.35
_SYLLABLES: Final = "ba ko li mu ne ri so ta ve zu fi gra ster lon dex mar pin tor ul wick yan".split()


def draw(slot: str, rng: Random) -> str:
    """One value for `slot`; raises KeyError for a slot nobody defined."""
    if slot in _MADE_UP and rng.random() < _MADE_UP_SHARE:
        return "".join(rng.choice(_SYLLABLES) for _ in range(rng.randint(2, 3))) + rng.choice(["", "", str(rng.randint(1, 20))])
    if slot in _CHOICES:
        return rng.choice(_CHOICES[slot])
    if slot == "ip":
        return ".".join(str(rng.randint(1, 254)) for _ in range(4))
    if slot in ("hex", "hex4"):
        return f"{rng.getrandbits(64 if slot == 'hex' else 16):x}"
    if slot in ("load_lo", "load_hi"):
        return f"{rng.uniform(0, 1.2) if slot == 'load_lo' else rng.uniform(20, 90):.2f}"
    low, high = _RANGES[slot]
    return str(rng.randint(low, high))


def fill(texts: list[str], rng: Random) -> list[str]:
    """`texts` with every brace drawn once and used the same in all of them."""
    drawn: dict[str, str] = {}

    def value(match: re.Match[str]) -> str:
        slot = match[1]
        if slot not in drawn:
            drawn[slot] = draw(slot, rng)
        return drawn[slot]

    return [_SLOT.sub(value, text) for text in texts]
