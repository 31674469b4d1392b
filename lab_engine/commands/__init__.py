"""What is typed: a module for each group of commands, with a function `add` that takes it in."""
