"""Cek Akun: what anybody may ask about an account, without signing in and without script."""
