"""Project wiring: settings, URLs, WSGI, the API's router."""
