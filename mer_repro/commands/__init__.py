"""The subcommands of `mer-repro`, one module each, imported only when called.

A module offers ``command``, a `click.Command` (or group). Heavy imports happen inside the function bodies.
"""
