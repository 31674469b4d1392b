"""The event engine: every request happens, on a simulated clock, and can leave a trace."""
