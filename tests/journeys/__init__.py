"""Whole journeys: a real browser, the product as it runs, real servers."""
