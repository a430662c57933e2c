"""Signing in to a WordPress site: its REST interface is looked for, then the user is asked who they are."""

from collections.abc import Mapping
from typing import Any

import httpx
from django.utils.translation import gettext_lazy as _

from kentongan.channels import outcomes, services
from kentongan.channels.contract import ChannelError, Credentials, CredentialsExpired, Health, Rejected
from kentongan.channels.wordpress.api import call

ROUTES = "wp/v2"
PLACES = ("/wp-json", "/index.php?rest_route=/")
"""Where the interface is: with pretty addresses, and without."""
NEEDED = {"publish_posts": _("publish posts"), "upload_files": _("upload pictures")}


def _place(service: str, client: httpx.Client) -> str:
    """Return where on the site its REST interface is; Rejected when it is nowhere."""
    for place in PLACES:
        answer = outcomes.send(client, client.build_request("GET", f"{service}{place}"), decides=False)
        if answer.is_redirect:
            there = {"address": answer.headers.get("location", "").partition("/wp-json")[0]}
            raise Rejected(str(_("The site sends visitors to %(address)s: enter that address.") % there))
        said = outcomes.document(answer) if answer.is_success else None
        if said and ROUTES in (said.get("namespaces") or ()):
            return place
    raise Rejected(
        str(_("No REST interface of WordPress answers at this address; a security plugin may have turned it off."))
    )


def _missing(user: Mapping[str, Any]) -> list[str]:
    rights = user.get("capabilities") or {}
    return [name for name in NEEDED if not rights.get(name)]


def _me(credentials: Credentials, client: httpx.Client) -> Mapping[str, Any]:
    user = call(client, credentials, "GET", f"{ROUTES}/users/me", params={"context": "edit"})
    if not isinstance(user, dict) or not user.get("id"):
        raise Rejected(str(_("The site does not say who this user is.")))
    return user


class WordPressConnector:
    """`/wp-json` (or `?rest_route=`) and `/wp/v2/users/me`."""

    def connect(self, entered: Mapping[str, str], client: httpx.Client) -> Credentials:
        """Check the application password a person entered and learn where the interface is."""
        parts = services.address(entered["service"])
        service = parts.geturl()
        values = {
            "place": _place(service, client),
            "username": entered["username"].strip(),
            "password": entered["password"].strip(),
        }
        credentials = Credentials(f"{parts.netloc}{parts.path}".lower(), service, values)
        try:
            _me(credentials, client)
        except CredentialsExpired as error:
            raise Rejected(
                str(_("The site does not accept this user name with this application password.")), error.response
            ) from error
        return credentials

    def refresh(self, credentials: Credentials, client: httpx.Client) -> Credentials:
        """Return the same credentials: an application password holds until somebody withdraws it."""
        return credentials

    def health(self, credentials: Credentials, client: httpx.Client) -> Health:
        """Ask the site whether the password is good and the user may publish and upload."""
        try:
            user = _me(credentials, client)
        except CredentialsExpired:
            return Health(False, _("The application password was withdrawn. Connect the account again."))
        except ChannelError as error:
            return Health.failed(error)
        if missing := _missing(user):
            rights = ", ".join(str(NEEDED[name]) for name in missing)
            return Health(
                False, _("On the site this user may not: %(rights)s. Make them an author there.") % {"rights": rights}
            )
        return Health(True, name=str(user.get("name") or ""), url=credentials.service)
