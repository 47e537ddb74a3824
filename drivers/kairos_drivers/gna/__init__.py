"""GNA-class fixed point: the integer arithmetic of Intel's GNA 2.0, exact in software. It has never run on the chip."""
