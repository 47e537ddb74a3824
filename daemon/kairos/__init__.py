"""KAIROS: a daemon that keeps one language model resident on your own machine, and keeps it in time."""

from __future__ import annotations

__version__ = "0.1.0"
__all__ = ["__version__"]
