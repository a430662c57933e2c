"""Pagar: the rules that hold at every step, as dated data."""
