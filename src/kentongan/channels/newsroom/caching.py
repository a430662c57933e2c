"""How long others may keep public pages, and how little goes over the wire: compressed, or 304 when nothing changed."""

from collections.abc import Callable

from django.http.response import HttpResponseBase
from django.views.decorators.cache import cache_control
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import conditional_page

View = Callable[..., HttpResponseBase]


def _small(view: View) -> View:
    # The tag is made of what is said, before compressing, which adds random bytes.
    return gzip_page(conditional_page(view))


def public(view: View) -> View:
    """Let anybody keep the page for a minute."""
    return _small(cache_control(public=True, max_age=60)(view))


def counted(view: View) -> View:
    """Let anybody keep the page, and ask each time whether it is still so: otherwise readers would go uncounted."""
    return _small(cache_control(public=True, no_cache=True)(view))


def lasting(view: View) -> View:
    """Let anybody keep for a day what never changes under its address."""
    return conditional_page(cache_control(public=True, max_age=86_400, immutable=True)(view))
