"""Kentongan: the social-media command centre for organisations that span a country."""
