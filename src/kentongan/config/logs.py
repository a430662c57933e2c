"""What must not stand in a log."""

import logging
import re

# Tokens of links stand in addresses as one long part; nothing else that we write is as long without a blank.
TOKEN = re.compile(r"/[A-Za-z0-9_:.-]{20,}(?=[/?\s\"']|$)")


class HideTokens(logging.Filter):
    """Writes `/…` where an address holds the token of a link: whoever reads the log must not be able to open it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean the message; the record itself always passes."""
        message = record.getMessage()
        clean = TOKEN.sub("/…", message)
        if clean != message:
            record.msg, record.args = clean, ()
        return True
