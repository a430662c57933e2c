"""Calls of Telegram's Bot API: one request, one classified outcome, and the token in none of them.

The token is a part of every address, so whatever an error or an answer repeats of it is taken out here.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NoReturn

import httpx
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kentongan.channels import outcomes
from kentongan.channels.contract import Ambiguous, ChannelError, Credentials, CredentialsExpired, RetryLater

NO_BOT = gettext_lazy("Telegram does not accept the token of this bot any more. Connect the account again.")
NO_RIGHT = gettext_lazy("The bot may not post in this channel any more: make it an administrator there again.")
# What Telegram says where the bot has lost its place or its rights: nothing was sent, and a person has to mend it.
SHUT_OUT = (
    "chat not found",
    "need administrator rights",
    "not enough rights",
    "have no rights to send",
    "chat_write_forbidden",
    "chat_admin_required",
    "bot was kicked",
    "bot is not a member",
)
GONE = gettext_lazy("The post that is to be reposted is not there any more.")
CLOSED = gettext_lazy("The other channel lets nobody forward its posts: allow it there, then send it again.")
WORDS: Mapping[str, Promise] = {
    "to forward not found": GONE,
    "can't be forwarded": CLOSED,
    "chat_forwards_restricted": CLOSED,
    "message is too long": gettext_lazy("The text is too long for Telegram: 4,096 characters at most."),
    "caption is too long": gettext_lazy(
        "The text is too long for Telegram beside a picture: 1,024 characters at most."
    ),
    "text is empty": gettext_lazy("Telegram takes no message without a text, a picture or a video."),
    "photo_invalid_dimensions": gettext_lazy(
        "Telegram does not take a picture of this shape: width and height together up to 10,000 pixels, "
        "neither more than 20 times the other."
    ),
    "image_process_failed": gettext_lazy("Telegram cannot read a picture: save it as JPEG or PNG."),
    "entity too large": gettext_lazy("A file is too large for Telegram: pictures 10 MB, videos 50 MB at most."),
}


def call(client: httpx.Client, credentials: Credentials, method: str, *, decides: bool = False, **sent: Any) -> Any:
    """Call `method` as the bot and return its `result`; `sent` goes to httpx (json, files, data).

    Raises the four outcomes of the contract. What Telegram said is in `response["error"]`.
    """
    token = credentials.get("token")
    request = client.build_request("POST", f"{credentials.service}/bot{token}/{method}", **sent)
    try:
        return _result(outcomes.send(client, request, decides=decides), decides)
    except ChannelError as error:
        raise outcomes.without(error, token.partition(":")[2] or token) from None


def _result(answer: httpx.Response, decides: bool) -> Any:
    said = outcomes.document(answer) or {}
    if answer.is_success and said.get("ok") is True:
        return said.get("result")
    if not answer.is_success:
        _refuse(answer, said, decides)
    doubt = Ambiguous if decides else RetryLater
    raise doubt(_("The server's answer could not be read."), outcomes.summary(answer))


def _refuse(answer: httpx.Response, said: Mapping[str, Any], decides: bool) -> NoReturn:
    description = said.get("description")
    if said.get("ok") is not False or not isinstance(description, str):
        outcomes.refuse(answer, None, decides=decides)
    kept, text = outcomes.summary(answer) | {"error": description}, description.lower()
    if answer.status_code == 429:
        raise RetryLater(description, kept, _wait(said) or outcomes.wait(answer))
    # A token of another shape than Telegram's is no address there at all.
    if answer.status_code == 401 or (answer.status_code == 404 and text == "not found"):
        raise CredentialsExpired(str(NO_BOT), kept)
    if answer.status_code < 500 and any(words in text for words in SHUT_OUT):
        raise CredentialsExpired(str(NO_RIGHT), kept)
    ours = next((ours for words, ours in WORDS.items() if words in text), None)
    outcomes.refuse(answer, str(ours or description), decides=decides, name=description)


def is_shut_out(error: ChannelError) -> bool:
    """Whether the bot lacks a place or a right in a channel; Telegram does not say in which."""
    text = str(error.response.get("error", "")).lower()
    return any(words in text for words in SHUT_OUT)


def _wait(said: Mapping[str, Any]) -> timedelta | None:
    """Return how long Telegram asks us to wait: it says so in the body."""
    parameters = said.get("parameters")
    seconds = parameters.get("retry_after") if isinstance(parameters, dict) else None
    if not isinstance(seconds, int) or isinstance(seconds, bool) or seconds < 1:
        return None
    return min(timedelta(seconds=min(seconds, 10**6)), outcomes.LONGEST_WAIT)
