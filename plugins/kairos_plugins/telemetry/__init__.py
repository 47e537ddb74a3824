"""Every tick, action, outcome and gauge on the feed."""
