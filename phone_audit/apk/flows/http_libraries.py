"""Libraries that packages bring along to send requests: classes that hold what is to be sent, calls that send it.

What is handed to an object of such a class is taken to lie in it, as with classes of Android. A class that only bears
the name may do something else with data, so its code is followed too.

Sources: the libraries' references, https://square.github.io/okhttp/, https://google.github.io/volley/,
https://loopj.com/android-async-http/, https://jsoup.org/apidocs/, https://simpligility.github.io/ksoap2-android/.
"""

from typing import Final

_OKHTTP: Final = (
    "Call", "FormBody", "FormBody$Builder", "FormEncodingBuilder", "Headers$Builder", "HttpUrl", "HttpUrl$Builder",
    "HttpUrl$Companion", "MultipartBody", "MultipartBody$Builder", "MultipartBody$Part", "MultipartBody$Part$Companion",
    "MultipartBuilder", "OkHttpClient", "OkHttpClient$Builder", "Request", "Request$Builder", "RequestBody",
    "RequestBody$Companion",
)  # fmt: skip
_LOOPJ: Final = ("AsyncHttpClient", "SyncHttpClient")

HOLDING: Final = frozenset(
    {
        *(f"{package}.{name}" for package in ("okhttp3", "com.squareup.okhttp") for name in _OKHTTP),
        "com.android.volley.Request", "com.android.volley.RequestQueue",
        *(
            f"com.android.volley.toolbox.{name}"
            for name in ("JsonArrayRequest", "JsonObjectRequest", "JsonRequest", "StringRequest")
        ),
        *(f"com.loopj.android.http.{name}" for name in (*_LOOPJ, "RequestParams")),
        "org.jsoup.Connection", "org.jsoup.Jsoup", "org.ksoap2.serialization.SoapObject",
        "org.ksoap2.serialization.SoapSerializationEnvelope", "org.ksoap2.transport.HttpTransportSE",
    }
)  # fmt: skip
HOLDING_TYPES: Final = frozenset(f"L{name.replace('.', '/')};".encode() for name in HOLDING)

COLLECTING: Final = (
    *(f"{package}.{name}" for package in ("okhttp3", "com.squareup.okhttp") for name in _OKHTTP if "Builder" in name),
    "com.loopj.android.http.RequestParams", "org.jsoup.Connection", "org.ksoap2.serialization.SoapObject",
)  # fmt: skip
"""Those that what is to be sent is put into piece by piece, often by several methods of a class that keeps one."""

SENDING: Final = (
    "okhttp3.OkHttpClient.newCall", "okhttp3.WebSocket.send", "com.squareup.okhttp.OkHttpClient.newCall",
    "com.android.volley.RequestQueue.add", "org.ksoap2.transport.HttpTransportSE.call",
    *(f"com.loopj.android.http.{name}.{call}" for name in _LOOPJ for call in ("get", "post", "put", "delete")),
)  # fmt: skip
"""Calls that send what they are handed."""

REQUESTS: Final = (b"Lretrofit2/http/", b"Lretrofit/http/")
"""Annotations of methods that Retrofit makes to send what they are handed; whatever bears one is an interface."""

SENDING_THEMSELVES: Final = tuple(f"org.jsoup.Connection.{call}" for call in ("get", "post", "execute"))
"""Calls that send what lies in their object."""
