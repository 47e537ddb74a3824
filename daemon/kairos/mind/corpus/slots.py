"""Draws for the braces in corpus lines: names, numbers and paths no two lines need share.

Without wide draws an adapter learns the names instead of what is said of them. A brace is `{host}` (a
kind of the table below), `{host2}` (another draw of that kind, never the same), `{v:61..80}` (a number
of that range and precision) or `{why:disk full|timed out}` (one of those). A name keeps its value within
one `Draw`, so a sentence can repeat what its line said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Final

_SLOT: Final = re.compile(r"\{(\w+?)(?::([^{}]*))?\}")
_TRIES: Final = 8

_CHOICES: Final[dict[str, Sequence[str]]] = {
    "host": (
        "nas atlas pine hermes box7 edge-3 cellar studio web01 db-2 pi4 combo tower node12 oak mira gate ns1 mx02 build3 "
        "vault-a loki thor app-14 backup1 relay k8s-w2 lab5 r630 silo zephyr desk hp-290 attic-pi cam-hub store04 fra1-a "
        "srv-db1 worker-9 proxy2 orion medusa quad nuc8 kirk printhost shed"
    ).split(),
    "user": (
        "anna root admin test guest oracle mara jon backup www-data deploy lee postgres ivan ubuntu svc-app olga t.berg "
        "pi nagios mthomas kim.lee ftpuser rosa daniel git x.wu hannah operator jenkins marek noor info emil sales2"
    ).split(),
    "svc": (
        "nginx sshd postgres docker cups httpd mosquitto grafana jellyfin nextcloud redis vault unbound borgmatic samba "
        "pihole zigbee2mqtt kafka payd authd haproxy dovecot rsyslogd crond gitea minio telegraf node_exporter smbd "
        "dnsmasq chronyd mysqld tomcat9 invoiced frigate influxd keycloak openvpn homebridge orders-api searchd"
    ).split(),
    "room": "kitchen cellar attic office garage hall bathroom nursery workshop greenhouse bedroom laundry porch barn stable".split(),
    "word": (
        "orders invoice stats users cart login report alpha media sync index worker jobs files archive quote ledger photo "
        "render batch export probe mirror survey catalog session digest schema merge audit metrics north delta"
    ).split(),
    "path": (
        "/var/log/syslog /etc/passwd /srv/data/a.db /home/anna/photos /usr/local/bin/sync.sh /var/lib/app/state "
        "/opt/job/main.py /var/www/html /etc/nginx/nginx.conf /mnt/backup/2024 /etc/ssh/sshd_config /data/in/queue "
        "/tmp/upload/x1 /var/spool/cron /opt/app/conf.yml /srv/share/team /usr/lib/libfoo.so.2 /home/lee/.config"
    ).split(),
    "file": (
        "report.pdf db.dump photos.tar.gz config.yml notes.docx index.html app.jar model.bin backup-07.zip data.csv "
        "invoice_881.pdf main.py .env core.4412 disk.img movie.mkv id_rsa"
    ).split(),
    "disk": "/dev/sda /dev/sdb1 /dev/nvme0n1 sdc sdd2 nvme1n1 /dev/vda2 /dev/mmcblk0p2 ata3 sde".split(),
    "mount": "/ /home /var /srv /mnt/backup /data /boot /media/usb /var/lib/docker /export /scratch".split(),
    "pool": "tank rpool md0 vg0 bpool md127 zdata fast".split(),
    "iface": "eth0 enp3s0 wlan0 wg0 br0 ens18 bond0 Gi0/7 eno1 veth3a ge-0/0/4".split(),
    "branch": "main release-2 feature/login fix-141 dev v3 hotfix/tax master develop".split(),
    "job": "nightly-report sync-photos reindex thumbnails import billing train-7 cleanup etl-eu certs-renew archive".split(),
    "queue": "mail orders events thumbs payments celery ingest retry outbox sms".split(),
    "db": "shop app metrics wiki ledger crm orders users warehouse keycloak".split(),
    "ctr": "web api worker proxy gitea n8n frigate search immich redis-cache db-main".split(),
    "ups": "ups0 apc-cellar eaton smart750 rack-ups back-ups".split(),
    "printer": "laser1 officejet prusa ender3 label-2 hp-hall brother xerox-2f".split(),
    "pkg": "openssl libc6 linux-image-amd64 nginx-core python3.11 curl sudo systemd bind9 openssh-server zlib1g kernel-core".split(),
    "url": "example.org shop.example.com mail.home.arpa api.example.net wiki.lan cloud.example.de files.corp.lan".split(),
    "sensor": "coretemp nvme0 gpu acpitz k10temp probe-3 t_out lm75".split(),
    "email": "anna@example.org billing@example.com j.doe@mail.example.net ops@corp.lan info@shop.example".split(),
    "country": "Brazil Vietnam Norway Canada Kenya Poland Japan Turkey Chile Latvia".split(),
}  # fmt: skip
_RANGES: Final[dict[str, tuple[int, int]]] = {
    "n": (2, 240), "few": (1, 7), "big": (1200, 90000), "mb": (20, 9000), "ms": (1, 900), "pid": (300, 65000),
    "port": (1024, 65000), "pct_lo": (1, 79), "pct_hi": (94, 100),
}  # fmt: skip
_MADE_UP: Final = frozenset("host user svc room word pool job queue db ctr printer branch ups".split())
_MADE_UP_SHARE: Final = 0.4
_SYLLABLES: Final = "ba ko li mu ne ri so ta ve zu fi gra ster lon dex mar pin tor ul wick yan qui bel har os ned".split()


def _made_up(rng: Random) -> str:
    stem = "".join(rng.choice(_SYLLABLES) for _ in range(rng.randint(1, 3)))
    return stem + rng.choice(["", "", "", str(rng.randint(1, 40)), f"-{rng.randint(1, 9)}", f"-{rng.choice(_SYLLABLES)}"])


_SHAPES: Final[dict[str, Callable[[Random], str]]] = {
    "ip": lambda rng: ".".join(str(rng.randint(1, 254)) for _ in range(4)),
    "mac": lambda rng: ":".join(f"{rng.randrange(256):02x}" for _ in range(6)),
    "hex": lambda rng: f"{rng.getrandbits(rng.choice([16, 32, 64])):x}",
    "uuid": lambda rng: "-".join(f"{rng.getrandbits(4 * n):0{n}x}" for n in (8, 4, 4, 4, 12)),
}


def choices(kind: str) -> Sequence[str]:
    """What a kind of name may be, but for those made up; raises KeyError for a kind of another sort."""
    return _CHOICES[kind]


def draw(kind: str, rng: Random) -> str:
    """One value of a kind; raises KeyError for one nobody defined."""
    if kind in _MADE_UP and rng.random() < _MADE_UP_SHARE:
        return _made_up(rng)
    if kind in _CHOICES:
        return rng.choice(_CHOICES[kind])
    if kind in _SHAPES:
        return _SHAPES[kind](rng)
    low, high = _RANGES[kind]
    return str(rng.randint(low, high))


class Draw:
    """The values of one row: every name drawn once and used the same in all of its texts."""

    def __init__(self, rng: Random, known: Mapping[str, str] | None = None) -> None:
        """`known` are values by name; what is drawn is none of them."""
        self._rng = rng
        self._values: dict[str, str] = dict(known or {})

    def fill(self, text: str) -> str:
        """`text` with its braces drawn."""
        return _SLOT.sub(self._value, text)

    def first_name(self, text: str) -> str | None:
        """The value of the first brace in a filled `text` that names something: no number, no range."""
        for match in _SLOT.finditer(text):
            value = self._values[match[1]]
            if any(character.isalpha() for character in value):
                return value
        return None

    def _value(self, match: re.Match[str]) -> str:
        name, spec = match[1], match[2]
        if name not in self._values:
            self._values[name] = self._specified(spec) if spec is not None else self._another(name.rstrip("0123456789"))
        return self._values[name]

    def _another(self, kind: str) -> str:
        """A value of `kind` unlike those drawn before."""
        found = draw(kind, self._rng)
        for _ in range(_TRIES):
            if found not in self._values.values():
                break
            found = draw(kind, self._rng)
        return found

    def _specified(self, spec: str) -> str:
        if "|" in spec:
            return self._rng.choice(spec.split("|"))
        low, _, high = spec.partition("..")
        places = max(len(low.partition(".")[2]), len(high.partition(".")[2]))
        if places:
            return f"{self._rng.uniform(float(low), float(high)):.{places}f}"
        return str(self._rng.randint(int(low), int(high)))
