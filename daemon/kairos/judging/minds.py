"""The default mind as gates and benches open it: as shipped, on all threads, with the two actuators every machine has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from kairos.mind.memo import Memo
    from kairos.mind.opened import Opened

ACTUATORS: Final = ("log", "notify")


def default_mind(*, memo: Memo | None = None, **settings: Any) -> Opened:
    """Open it without a memo of its own; `settings` are those of `[mind]` that differ. Raises what `open_reflex` raises."""
    from kairos.config import MindSettings, places
    from kairos.mind.opened import open_reflex, use_threads

    use_threads(0)
    return open_reflex(MindSettings(memo_frames=0, **settings), places().models, ACTUATORS, memo=memo)
