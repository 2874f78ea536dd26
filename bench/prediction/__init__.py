"""Time per launch, predicted from its work."""
