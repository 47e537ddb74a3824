"""How the ear's weights are made: scenes of our own and of free recordings, a small network in torch, compiled."""
