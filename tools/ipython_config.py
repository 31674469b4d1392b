"""Goes with the package to where IPython looks: each kernel there loads `lab_engine`."""

c = get_config()  # noqa: F821  (IPython's)
c.InteractiveShellApp.extensions.append("lab_engine")
