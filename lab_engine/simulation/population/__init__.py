"""The population engine: what all requests add up to, with numpy, and no event for any."""
