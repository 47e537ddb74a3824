"""Which instance a command speaks of: the global options, resolved."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kairos.errors import StoreUnavailable

if TYPE_CHECKING:
    import sqlite3

    from kairos.client import Client
    from kairos.config import Loaded, Overrides, Places

_CANDIDATES = (Path("~/.config/kairos/kairos.toml"), Path("/etc/kairos/kairos.toml"))


@dataclass(frozen=True, kw_only=True)
class Instance:
    """The global options of one call."""

    state_dir: Path | None = None
    config: Path | None = None
    assignments: Sequence[str] = ()

    @property
    def places(self) -> Places:
        """Where it lives."""
        from kairos.config import places

        return places(self.state_dir)

    @property
    def config_file(self) -> Path | None:
        """The settings file: the one named, or the user's, or the system's."""
        if self.config is not None:
            return self.config
        return next((path.expanduser() for path in _CANDIDATES if path.expanduser().is_file()), None)

    @property
    def overrides(self) -> Overrides:
        """`--set` and the environment."""
        from kairos.config import Overrides

        return Overrides(assignments=self.assignments)

    def load(self) -> Loaded:
        """The settings; raises `SettingsError`."""
        from kairos.config import load

        return load(self.config_file, self.overrides)

    @contextmanager
    def store(self) -> Generator[sqlite3.Connection]:
        """The state file, for reading; a daemon may be living in it. Raises `StoreUnavailable`."""
        import sqlite3

        from kairos.database import open_read_only

        path = self.places.database
        if not path.is_file():
            raise StoreUnavailable(path, "there is no such file; has a daemon ever run here?")
        connection = open_read_only(path)
        try:
            yield connection
        except sqlite3.Error as error:
            raise StoreUnavailable(path, str(error)) from error
        finally:
            connection.close()

    def client(self, *, timeout_s: float = 10.0) -> Client:
        """A connection to the living daemon."""
        from kairos.client import Client

        return Client(self.places if self.state_dir else None, timeout_s=timeout_s)
