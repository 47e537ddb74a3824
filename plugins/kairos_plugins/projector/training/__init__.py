"""How the projector's weights are made; nothing here is imported while listening."""
