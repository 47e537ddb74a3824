"""Docs cannot rot: every setting, hook, command, plugin and gate is documented as it is."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from kairos.cli.tapes import read
from kairos.config import Overrides, describe, load
from kairos.hooks import Hooks

ROOT = Path(__file__).parents[2]


def _text(name):
    return (ROOT / name).read_text("utf-8")


def test_the_settings_file_and_page_are_what_the_source_says():
    assert describe.toml() == _text("etc/kairos.toml")
    assert describe.markdown() == _text("docs/settings.md")


def test_every_setting_has_a_meaning():
    missing = [f"{table}.{f.name}" for table, _, struct in describe.groups() for f in describe.fields(struct) if not f.meaning]

    assert missing == []


def test_the_settings_file_with_every_default_uncommented_is_the_defaults():
    text = _text("etc/kairos.toml").split("# One named command")[0]
    uncommented = re.sub(r"(?m)^#(\w+ = )", r"\1", text)

    assert tomllib.loads(uncommented)["heartbeat"]["interval_s"] == 30.0


@pytest.mark.parametrize("name", ["etc/kairos.toml", "etc/first-day.toml"])
def test_shipped_settings_load(name):
    load(ROOT / name, Overrides(environment={}))


def test_every_hook_is_documented_with_its_exact_signature():
    page = _text("docs/hooks.md")
    for name, function in inspect.getmembers(Hooks, inspect.isfunction):
        signature = str(inspect.signature(function)).replace("self, ", "").replace("'", "")
        assert f"{name}{signature}" in page, f"docs/hooks.md lacks {name}{signature}"


@pytest.mark.parametrize("group", ["kairos.commands", "kairos.gates", "kairos.benches", "kairos.plugins"])
def test_everything_found_by_entry_point_is_named_in_the_docs(group):
    pages = _text("README.md") + "".join(path.read_text("utf-8") for path in (ROOT / "docs").glob("*.md"))
    for point in entry_points(group=group):
        assert f"`{point.name}`" in pages or f"kairos {point.name}" in pages, f"{group}: {point.name}"


def test_every_plugin_has_a_readme():
    for folder in (ROOT / "plugins" / "kairos_plugins").iterdir():
        if folder.is_dir() and folder.name != "__pycache__":
            assert (folder / "README.md").is_file(), folder.name


def test_shipped_tapes_can_be_read():
    for path in (ROOT / "etc" / "tapes").glob("*.jsonl"):
        assert list(read(path))


def test_every_link_between_pages_leads_somewhere():
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_help_answers_without_torch_zmq_or_sqlite():
    code = (
        "import sys; sys.argv=['kairos','--help']\n"
        "from kairos.cli.main import build\n"
        "try: build()()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch','transformers','zmq','numpy','sqlite3','apscheduler'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "Run the daemon" in done.stdout


def test_the_modules_all_say_why_they_exist():
    for room in ("daemon", "plugins", "drivers"):
        for path in (ROOT / room).rglob("*.py"):
            first = path.read_text("utf-8").lstrip()[:3]
            assert first == '"""', path


def test_no_file_grew_beyond_a_room():
    for room in ("daemon", "plugins", "drivers"):
        for path in (ROOT / room).rglob("*.py"):
            assert len(path.read_text("utf-8").splitlines()) <= 400, path
