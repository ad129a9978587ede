"""The version of this package, as the server hears it."""

VERSION = "0.1.0"
