"""Ring 1 on a GPU: fused steps and CUDA graphs, so that a tick costs little more than its matrix products."""
