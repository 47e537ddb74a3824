"""The default mind as gates and benches open it: as shipped, on all threads, with the two actuators every machine has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from kairos.checks import Resident
from kairos.events import Frame, Judgement

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


class OpenedMind(Resident):
    """A mind for checks and trainers of plugins."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    @property
    def rows_digest(self) -> str:
        """See `Resident`."""
        return self._opened.digests["rows"]

    def encode(self, text: str) -> list[int]:
        """See `Resident`."""
        return self._opened.encoder.encode(text)

    def rows(self, ids: Sequence[int]) -> Any:
        """See `Resident`."""
        return self._opened.session.embed(ids).float().cpu().numpy()

    def judge(self, frame: Frame) -> Judgement:
        """See `Resident`."""
        try:
            return self._opened.reflex.judge(frame)
        finally:
            self._opened.reflex.rewind()


def resident(**settings: Any) -> OpenedMind:
    """The default mind, or another by `settings` of `[mind]`."""
    return OpenedMind(default_mind(**settings))
