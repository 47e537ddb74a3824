"""What training never sees: whole domains, whole styles, whole rules and whole tactics, in two lots.

`valid` chooses what training may choose by (when to stop, the threshold); `test` is for gates alone.
A line's twin in training would make any figure a lie, so nothing is split by line.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any, Final, Literal

from kairos.mind.corpus.styles import STYLES

Split = Literal["train", "valid", "test"]

DOMAINS: Final[dict[Split, tuple[str, ...]]] = {
    "train": (),
    "valid": (
        "vpn",
        "queues",
        "appliances",
        "macos",
        "coordination",
        "kiosks-signage",
        "feature-flags-config",
        "hotels",
        "pharmacy-and-body",
    ),
    "test": (
        "containers",
        "printers",
        "ups-pdu",
        "lab-science",
        "vehicles",
        "dhcp-ntp",
        "git-servers",
        "app-servers",
        "service-mesh",
        "laptops",
        "water-works",
    ),
}
_STYLES: Final[dict[Split, tuple[str, ...]]] = {
    "train": (),
    "valid": ("iso", "android", "tagged"),
    "test": ("java", "sentence", "klog", "cef"),
}
_FILES: Final = ("hardware", "access", "services", "operations", "desktops", "household", "signals",
          "platforms", "fabric", "threats", "devices", "industry", "everyday",
          "plants", "datastores", "lowlevel", "intrusion", "business", "places", "outdoors", "personal", "estates",
          "homestead", "internet", "works", "breaches", "kernels", "civic", "runtimes", "commerce",
          "pastimes", "toolchains", "links", "frauds", "observing", "finance", "upkeep", "audiences",
          "nodes", "daemons", "webapps", "clouds", "networks", "records", "households", "sites",
          "programs", "builds", "institutions", "seasons")  # fmt: skip
_RULES: Final = ("rules_servers", "rules_home", "rules_software", "rules_trade", "rules_land", "rules_limits", "rules_scopes",
          "rules_kinds", "rules_numbers", "rules_happenings", "rules_conditions")  # fmt: skip
"""All for training, so that what is kept back stays what it was; they name nothing that the domains kept back are about."""
_EVERY: Final = 5


@cache
def read(name: str) -> dict[str, Any]:
    """One of the corpus's own files."""
    return tomllib.loads((resources.files("kairos.mind.corpus") / f"{name}.toml").read_text("utf-8"))


@cache
def domains(split: Split) -> list[dict[str, Any]]:
    """The domains of one split."""
    every = [row for name in _FILES for row in read(name)["domain"]]
    if split == "train":
        kept_back = {name for names in DOMAINS.values() for name in names}
        return [row for row in every if row["name"] not in kept_back]
    return [row for row in every if row["name"] in DOMAINS[split]]


@cache
def named(split: Split) -> dict[str, dict[str, Any]]:
    """The same by name."""
    return {row["name"]: row for row in domains(split)}


@cache
def styles(split: Split) -> list[str]:
    """The styles of one split."""
    if split == "train":
        kept_back = {name for names in _STYLES.values() for name in names}
        return [name for name in STYLES if name not in kept_back]
    return list(_STYLES[split])


@cache
def rules(split: Split) -> list[dict[str, Any]]:
    """The owner's rules of one split: of every five of `rules.toml`, one for validation and one for test."""
    more = [row for name in _RULES for row in read(name)["rule"]] if split == "train" else []
    return _dealt(read("rules")["rule"], split) + more


@cache
def tactics(split: Split) -> list[dict[str, Any]]:
    """The injection tactics of one split, dealt likewise."""
    return _dealt(read("injections")["tactic"], split) + (read("injections_more")["tactic"] if split == "train" else [])


@cache
def quantities(split: Split) -> list[dict[str, Any]]:
    """The measured quantities of one split."""
    return _dealt(read("quantities")["quantity"], split)


def _dealt(rows: list[dict[str, Any]], split: Split) -> list[dict[str, Any]]:
    places = {"train": (0, 1, 2), "valid": (3,), "test": (4,)}[split]
    return [row for number, row in enumerate(rows) if number % _EVERY in places]
