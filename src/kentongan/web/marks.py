"""Icons and chips, put together without a template: a list draws hundreds of them."""

from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

SPRITE = "vendor/icons.svg"
CHIP_ICON = 14  # pixels


def icon(name: str, label: str = "", size: int = 18, css: str = "") -> SafeString:
    """Return one Tabler icon of `size` pixels as SVG; with `label` it speaks, without it is decoration."""
    return format_html(
        '<svg class="{}" width="{}" height="{}" {} focusable="false"><use href="{}#{}"></use></svg>',
        f"k-icon {css}" if css else "k-icon",
        size,
        size,
        format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"'),
        static(SPRITE),
        name,
    )


def chip(
    label: object, tone: str = "plain", icon_name: str = "", href: str = "", title: str = "", *, state: bool = False
) -> SafeString:
    """Return a rounded label, a link when it has an `href`; tones: plain, teak, leaf, amber, signal, sky."""
    return format_html(
        '<{} class="k-chip k-{}{}"{}{}>{}{}</{}>',
        "a" if href else "span",
        tone,
        " k-state" if state and not href else "",
        format_html(' href="{}"', href) if href else "",
        format_html(' title="{}"', title) if title else "",
        icon(icon_name, size=CHIP_ICON) if icon_name else "",
        label,
        "a" if href else "span",
    )
