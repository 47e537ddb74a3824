"""The owner's rules: a dash is a rule, everything else is notes, and too much is said so by its line."""

from __future__ import annotations

import pytest

from kairos.config.rules import TEMPLATE, read_rules
from kairos.errors import SettingsError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "policy.md"


def test_no_file_is_no_rules(path):
    assert read_rules(path) == ()


def test_lines_behind_a_dash_are_rules_and_the_rest_is_not(path):
    path.write_text("# mine\n\n-  the backup of nas\tmay fail \nnot this\n-\n- tell me of doors\n")

    assert read_rules(path) == ("the backup of nas may fail", "tell me of doors")


def test_the_template_does_nothing(path):
    path.write_text(TEMPLATE)

    assert read_rules(path) == ()


def test_a_rule_too_long_is_named_by_its_line(path):
    path.write_text("- short\n- " + "x" * 300)

    with pytest.raises(SettingsError, match="line 2"):
        read_rules(path)


def test_too_many_rules_are_refused(path):
    path.write_text("- x\n" * 25)

    with pytest.raises(SettingsError, match="25 rules"):
        read_rules(path)


def test_a_file_that_is_no_text_is_refused(path):
    path.write_bytes(b"- \xff\xfe")

    with pytest.raises(SettingsError, match="cannot be read"):
        read_rules(path)
