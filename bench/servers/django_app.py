"""Django's sessions in its cache or database, saved with every request: the least that slides."""

import os

import django
from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path

settings.configure(
    SECRET_KEY="a secret of the bench",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    SESSION_ENGINE="django.contrib.sessions.backends.cache",
    SESSION_SAVE_EVERY_REQUEST=True,
    SESSION_COOKIE_AGE=int(os.environ.get("SESSION_AGE", "900")),
    CACHES={
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": os.environ["REDIS_URL"],
        }
    },
    INSTALLED_APPS=["django.contrib.sessions"],
    MIDDLEWARE=[f"{__name__}.Sessions"],
)
django.setup()


class Sessions(SessionMiddleware):
    """A question extends nothing: its session is not saved."""

    def process_response(self, request, response):
        if request.path == "/ask":
            return response
        return super().process_response(request, response)


def sign_in(request):
    request.session["user"] = "ann"
    return JsonResponse({"ok": True})


def touch(request):
    if "user" not in request.session:
        return JsonResponse({"state": "ended"}, status=401)
    return JsonResponse({"state": "alive", "remaining_ms": request.session.get_expiry_age() * 1000})


def sign_out(request):
    request.session.flush()
    return JsonResponse({"state": "ended"})


urlpatterns = [
    path("sign-in", sign_in),
    path("touch", touch),
    path("ask", touch),
    path("sign-out", sign_out),
]
application = get_wsgi_application()
