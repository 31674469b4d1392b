"""Commands that the Makefile calls; none is imported by the package."""
