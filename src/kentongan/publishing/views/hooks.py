"""What platforms call: by nobody who is signed in, so it is believed only as far as it is signed."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from kentongan.channels.contract import Rejected
from kentongan.publishing import carrying

PLAIN = "text/plain; charset=utf-8"


@csrf_exempt
@require_http_methods(["GET", "POST"])
def hook(request: HttpRequest, pk: int) -> HttpResponse:
    """Prove that the address is ours (GET), or note what became of messages (POST)."""
    try:
        if request.method == "GET":
            return HttpResponse(carrying.challenge(pk, request.GET.dict()), content_type=PLAIN)
        carrying.take(pk, request.body, request.headers)
    except Rejected as error:
        return HttpResponse(error.message, status=403, content_type=PLAIN)
    return HttpResponse(content_type=PLAIN)
