"""`python -m kentongan.listening.training DATA`: make every dictionary and model that is committed (`make models`)."""

import sys
from pathlib import Path

from kentongan.listening.training import formal, language, tone, words

if __name__ == "__main__":
    data = Path(sys.argv[1])
    words.main(str(data))
    formal.fit(data)
    language.fit(data)
    tone.fit(data)
