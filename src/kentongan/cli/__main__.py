"""`python -m kentongan.cli`."""

from kentongan.cli import main

main()
