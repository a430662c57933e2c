"""An article of the newsroom as HTML: its hashtags lead to the site's own pages."""

from django.urls import reverse
from django.utils.safestring import SafeString

from kentongan.channels import articles


def html(text: str, site: str) -> SafeString:
    """Return the text as HTML for the site of that address."""
    return articles.html(text, lambda tag: reverse("newsroom:tag", args=[site, tag]))
