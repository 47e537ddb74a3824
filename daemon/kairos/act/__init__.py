"""Actuators, and the policy that lets them act. Nothing the mind writes is ever executed as text."""

from __future__ import annotations

from kairos.act.hands import Hands
from kairos.act.policy import Facts, Ruling, rule
from kairos.act.states import ActionState
from kairos.act.table import SCHEMA, Action, Actions

__all__ = ["SCHEMA", "Action", "ActionState", "Actions", "Facts", "Hands", "Ruling", "rule"]
