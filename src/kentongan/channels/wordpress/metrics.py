"""What became of our posts: WordPress itself counts nobody's visits, it only knows whether a post is still there."""

from collections.abc import Collection, Mapping

import httpx

from kentongan.channels.contract import Counts, Credentials, Rejected
from kentongan.channels.wordpress.api import call

GONE = {404, 410}
NOT_OURS = 403


class WordPressMetrics:
    """`/wp/v2/posts/{id}`."""

    def read(self, remote_ids: Collection[str], credentials: Credentials, client: httpx.Client) -> Mapping[str, Counts]:
        """Return counts without numbers; a post that was deleted or put into the bin is `gone`.

        One that was given to another author is left out: what became of it is not ours to see.
        """
        counts = {}
        for remote_id in remote_ids:
            try:
                post = call(client, credentials, "GET", f"wp/v2/posts/{remote_id}", params={"context": "edit"})
            except Rejected as error:
                if error.response.get("status") == NOT_OURS:
                    continue
                if error.response.get("status") not in GONE:
                    raise
                counts[remote_id] = Counts(gone=True)
                continue
            counts[remote_id] = Counts(gone=post.get("status") == "trash")
        return counts
