"""The ear: always on, in GNA-class fixed point, telling the daemon what it hears and never what was said."""
