"""`python -m kairos`."""

from __future__ import annotations

from kairos.cli.main import main

if __name__ == "__main__":
    main()
