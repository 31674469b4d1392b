"""A night on call: broken worlds to be looked at, understood and mended."""
