"""Gerak: instructions down the tree with receipts, and missions that people share in their own words."""
