"""Kentongan: the social-media command centre for organisations that span a country."""

from importlib.metadata import version

__version__ = version("kentongan")
