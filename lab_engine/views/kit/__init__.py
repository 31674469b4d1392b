"""The kit: pictures of the mechanism itself, as plain data, each with a widget and a static twin.

A picture is a value: `tiles` makes one from a scenario and its outcome, `strips` from packets or a
trace, `fan` and `dots` from many runs of one scenario, and `together` puts several into one. `live`
shows it on a page, where the page alone moves the playhead; `twin` draws it as an SVG for readers
without a kernel. Nothing here simulates.
"""
