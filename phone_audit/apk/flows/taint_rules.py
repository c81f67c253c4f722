"""Which calls give data, which give it away, and how it passes through others.

Sources: the Android API reference, https://developer.android.com/reference; names are `class.method` in Java form.
"""

from collections.abc import Mapping
from typing import Final

from phone_audit.apk.behaviours.lookup import LeafQuery
from phone_audit.apk.flows.sending_libraries import Sink
from phone_audit.knowledge.schema.behaviour import Leaf

SMALL: Final = 6
"""Code units of a method that is followed even if it is handed nothing of interest: setters, getters, constructors."""
SMALL_CONSTRUCTOR: Final = 60
"""The same for constructors: what they put into fields decides what later calls do."""


def _sinks(name: str, *calls: str, receiver: bool = False, first: int = 1) -> dict[str, Sink]:
    return {call: Sink(name, receiver, first) for call in calls}


_SMS: Final = ("android.telephony.SmsManager", "android.telephony.gsm.SmsManager")
_HTTP: Final = (
    "org.apache.http.client.HttpClient", "org.apache.http.impl.client.DefaultHttpClient",
    "org.apache.http.impl.client.AbstractHttpClient", "android.net.http.AndroidHttpClient",
)  # fmt: skip
_DATABASE: Final = "android.database.sqlite.SQLiteDatabase"
_RESOLVER: Final = "android.content.ContentResolver"
_CONNECTIONS: Final = ("java.net.URLConnection", "java.net.HttpURLConnection", "javax.net.ssl.HttpsURLConnection")
_CONTEXTS: Final = (
    "android.content.Context", "android.app.Activity", "android.app.Service", "android.content.ContextWrapper",
    "android.app.Application", "android.app.Fragment", "android.support.v4.app.Fragment",
)  # fmt: skip

SET_RESULT: Final = "setResult"
"""Hands an Intent to whoever started the activity; it gives data away only where other packages may start it."""

SINKS: Final[Mapping[str, Sink]] = {
    **_sinks("log", *(f"android.util.Log.{level}" for level in ("v", "d", "i", "w", "e", "wtf"))),
    **_sinks(
        "sms",
        *(f"{one}.send{what}Message" for one in _SMS for what in ("Text", "MultipartText", "Data")),
        first=3,
    ),
    **_sinks("network", *(f"{one}.execute" for one in _HTTP)),
    **_sinks("network", "java.net.URL.openConnection", "java.net.URL.openStream", receiver=True),
    **_sinks(
        "network",
        *(f"{one}.{call}" for one in _CONNECTIONS for call in ("connect", "getInputStream", "getResponseCode")),
        receiver=True,
    ),
    **_sinks(
        "network", "java.net.DatagramSocket.send", "java.net.MulticastSocket.send", "android.webkit.WebView.loadUrl",
        "android.webkit.WebView.postUrl", "android.webkit.WebView.loadData",
    ),
    **_sinks("process", "java.lang.Runtime.exec"),
    **_sinks("process", "java.lang.ProcessBuilder.start", receiver=True),
    **_sinks(
        "intent",
        *(
            f"{one}.{call}"
            for one in _CONTEXTS
            for call in (
                "startActivity", "startActivityForResult", "startService", "bindService", "sendBroadcast",
                "sendOrderedBroadcast", "sendStickyBroadcast",
            )
        ),
    ),
    **_sinks("intent", f"android.app.Activity.{SET_RESULT}"),
}  # fmt: skip
"""By call. An intent counts only where it names no class of its own; of a text message not whom it is for."""

ASKED: Final = "gives it to "
"""What stands before the method of a library for which a method of the package stands in."""
REQUEST: Final = Sink("network")
"""A call of a method that an annotation makes one that sends what it is handed."""

MARKS: Final[Mapping[str, str]] = {
    **{f"{one}.getOutputStream": "network" for one in (*_CONNECTIONS, "java.net.Socket", "javax.net.ssl.SSLSocket")},
    "java.lang.Process.getOutputStream": "process",
}
"""Calls whose result leads out of the package: what is written to it is given away."""
STREAMS: Final = LeafQuery(Leaf("call", call) for call, name in MARKS.items() if name == "network")
"""Those that lead out of the phone."""
ANSWERS: Final = frozenset(
    {
        *(f"{one}.execute" for one in (*_HTTP, "okhttp3.Call", "com.squareup.okhttp.Call")),
        *(
            f"{one}.{call}"
            for one in _CONNECTIONS
            for call in (
                "getInputStream", "getErrorStream", "getContent", "getHeaderField", "getHeaderFields",
                "getResponseMessage",
            )
        ),
        "java.net.URL.openStream", "java.net.URL.getContent", "java.net.Socket.getInputStream",
        *(f"{one}.{call}" for one in (_DATABASE, _RESOLVER) for call in ("insert", "update", "delete")),
        *(
            f"{_DATABASE}.{call}"
            for call in ("insertOrThrow", "insertWithOnConflict", "replace", "replaceOrThrow", "updateWithOnConflict")
        ),
    }
)  # fmt: skip
"""Calls whose result comes from the other side, such as the number of a row: it holds nothing of what went there."""
WRITES: Final = frozenset(
    {"write", "writeBytes", "writeUTF", "writeChars", "writeObject", "print", "println", "append"}
)

MEMORY: Final = frozenset(
    {
        "java.io.ByteArrayOutputStream", "java.io.StringWriter", "java.io.CharArrayWriter", "java.lang.StringBuilder",
        "java.lang.StringBuffer",
    }
)  # fmt: skip
"""What only collects: writing to it gives nothing away yet."""

PAGES: Final = "android.webkit.WebView."
"""What shows pages: the address is handed over, and nothing of it lies in the object before."""
BRIDGES: Final = ("org.apache.cordova.",)
"""Code that answers to the script of a page. Source: Apache Cordova, NativeToJsMessageQueue."""
TEXT_BUILDERS: Final = frozenset({b"Ljava/lang/StringBuilder;", b"Ljava/lang/StringBuffer;"})
"""What puts a text together; of what it is handed it takes a copy. Source: Java reference."""

PROVIDER_FIELDS: Final[Mapping[str, str]] = {
    "android.provider.ContactsContract$Contacts.CONTENT_URI": "contacts",
    "android.provider.ContactsContract$CommonDataKinds$Phone.CONTENT_URI": "contacts",
    "android.provider.ContactsContract$CommonDataKinds$Email.CONTENT_URI": "contacts",
    "android.provider.ContactsContract$Data.CONTENT_URI": "contacts",
    "android.provider.CallLog$Calls.CONTENT_URI": "call-log",
    "android.provider.CalendarContract$Events.CONTENT_URI": "calendar",
    "android.provider.CalendarContract$Instances.CONTENT_URI": "calendar",
    "android.provider.Telephony$Sms.CONTENT_URI": "sms",
    "android.provider.Telephony$Sms$Inbox.CONTENT_URI": "sms",
}
PROVIDER_TEXTS: Final[Mapping[str, str]] = {
    "content://sms": "sms",
    "content://mms-sms": "sms",
    "content://call_log": "call-log",
    "content://com.android.contacts": "contacts",
    "content://com.android.calendar": "calendar",
}
"""What a provider gives, by the field or the text that names it."""
QUERY: Final = f"{_RESOLVER}.query"
SETTING_CALLS: Final = frozenset(
    {"android.provider.Settings$Secure.getString", "android.provider.Settings$System.getString"}
)
SETTINGS: Final[Mapping[str, str]] = {"android_id": "android-id", "bluetooth_address": "mac"}

TASK: Final = b"Lcom/google/android/gms/tasks/Task;"
"""What holds a result of Play services once it is there. Source: Google Play services reference, "Task"."""
TASK_RESULT: Final = "getResult"
TASK_LISTENERS: Final[Mapping[str, tuple[str, str]]] = {
    "addOnSuccessListener": ("onSuccess", "(Ljava/lang/Object;)V"),
    "addOnCompleteListener": ("onComplete", "(Lcom/google/android/gms/tasks/Task;)V"),
}
"""The methods that an object is handed the result by, or the task, by the call that it is handed over in."""

TYPED_VIEW: Final = "view:"
"""What stands before the data that is typed into a view: it is no data yet, but what it gives as its text is."""
VIEW_TYPES: Final = (b"Landroid/view/", b"Landroid/widget/", b"Ljava/lang/Object;")
"""What the result of a call is that is handed the number of a view and gives the view: of Android or of a library."""
TEXT_OF, FIELD_OF = "getText", "getEditText"
"""The methods by which a view gives its text, or the view inside it that holds the text; libraries bring their own."""

PART_OF: Final[Mapping[str, str]] = {"sms-sender": "sms"}
"""Data that is one part of other data, by the call that gives it: the rest of that is not in it."""
OF_LIBRARIES: Final = frozenset({"advertising-id"})
"""Data that libraries make up, which is followed only in code of others, though a library reads it for itself, too."""
CALLBACKS: Final[Mapping[tuple[str, str], str]] = {
    ("onLocationChanged", "(Landroid/location/Location;)V"): "location",
    ("onLocationResult", "(Lcom/google/android/gms/location/LocationResult;)V"): "location",
    ("onCellLocationChanged", "(Landroid/telephony/CellLocation;)V"): "cell",
}
"""Methods that Android calls with data."""

EXTRAS: Final = frozenset(
    {
        "android.content.Intent", "android.os.Bundle", "android.os.BaseBundle", "android.os.PersistableBundle",
        "android.content.SharedPreferences", "android.content.SharedPreferences$Editor",
    }
)  # fmt: skip
"""What keeps values under names."""
PREFERENCES: Final = "android.content.SharedPreferences"
EXPLICIT: Final = frozenset({"setClass", "setClassName", "setComponent", "setPackage"})

COPIES: Final[Mapping[str, tuple[int, int]]] = {
    "java.lang.System.arraycopy": (0, 2),
    "java.lang.String.getChars": (0, 3),
    "java.lang.reflect.Method.invoke": (2, 1),
    "java.lang.reflect.Field.set": (2, 1),
}
"""Calls that copy what one argument holds into another, or may; which two."""

CIPHERS: Final = frozenset(f"javax.crypto.Cipher.{call}" for call in ("doFinal", "update", "wrap", "unwrap"))
DIGESTS: Final = frozenset({"java.security.MessageDigest.digest", "javax.crypto.Mac.doFinal"})
CHANGING: Final = frozenset({b"Ljavax/crypto/Cipher;", b"Ljava/security/MessageDigest;", b"Ljavax/crypto/Mac;"})
"""What Android makes that data cannot be read after, by ciphers and digests."""
KEYED: Final = frozenset({
    "javax.crypto.Cipher.init", "java.security.KeyStore.load", "javax.net.ssl.KeyManagerFactory.init",
})  # fmt: skip
"""Calls that are handed a key, or the password of keys, which is not in what comes out."""
KEYS: Final = (b"Ljava/security/Key;", b"[C")
"""What such a key or password is."""
CIPHER_STREAMS: Final = frozenset({b"Ljavax/crypto/CipherInputStream;", b"Ljavax/crypto/CipherOutputStream;"})
"""What is read from or written to them passes a cipher, too."""
OWN_CIPHERS: Final = frozenset({b"Ljava/security/Provider;", b"Ljava/security/AuthProvider;"})
"""What brings ciphers of a package's own, which need not encrypt, derives from."""

MAPS: Final = frozenset(
    {
        "java.util.Map", "java.util.HashMap", "java.util.LinkedHashMap", "java.util.TreeMap", "java.util.Hashtable",
        "java.util.concurrent.ConcurrentHashMap", "android.content.ContentValues", "org.json.JSONObject",
    }
)  # fmt: skip
"""The same, where a name stands for something else in each object."""
OPEN_FILE: Final = {"openFileOutput": True, "openFileInput": False}
"""Calls of a Context that open a file of the package by its name, and whether to write it."""
ANY_PREFERENCE: Final = ("onSharedPreferenceChanged", "(Landroid/content/SharedPreferences;Ljava/lang/String;)V")
"""The method that is told of the name of any preference that was changed."""

MESSAGES: Final = frozenset({"android.os.Message.obtain", "android.os.Handler.obtainMessage"})
MESSAGE_OBJECT: Final = "Landroid/os/Message;->obj:Ljava/lang/Object;"
BOXES: Final = frozenset({b"Ljava/lang/Integer;", b"Ljava/lang/Long;", b"Ljava/lang/Boolean;"})
"""What a message may hold that is none of the data that is followed."""
MESSAGE_FIELDS: Final = ("obj:Ljava/lang/Object;", "arg1:I", "arg2:I")

CALLED_BACK: Final = (b"Listener;", b"Callback;", b"CallBack;", b"Callbacks;", b"Handler;", b"HandlerInterface;")
"""How the classes of what a library is handed to call back end: it sends none of it."""
NEUTRAL: Final = frozenset(
    {
        "length", "size", "indexOf", "lastIndexOf", "hashCode", "compareTo", "compareToIgnoreCase", "getClass", "read",
        "available", "count", "ordinal", "identityHashCode",
    }
)  # fmt: skip
"""Calls whose result tells next to nothing of the data."""
_ADDING_NOTHING: Final = (
    "get", "is", "has", "contains", "equals", "index", "compare", "find", "length", "size", "toString", "read", "hash",
    "remove",
)  # fmt: skip
VIEW_LIBRARIES: Final = ("android.support.", "androidx.", "com.google.android.material.")
"""Libraries of views, and of what screens consist of: their own methods do nothing with what is typed into a view."""
UNTOUCHED: Final = (
    "android.app.", "android.view.", "android.widget.", "android.telephony.PhoneStateListener",
    "android.telephony.SmsManager", "android.telephony.SubscriptionManager", "android.telephony.TelephonyManager",
    "android.telephony.gsm.SmsManager", "android.content.Context",
    "android.content.res.", "android.content.pm.", "android.content.ContentResolver",
    "android.location.LocationManager", "android.util.Log", "java.lang.Class", "java.lang.Thread", "java.lang.System",
    *VIEW_LIBRARIES,
)  # fmt: skip
"""Classes whose objects are not taken to hold what is handed to them."""
SENDERS: Final = (
    "okio.", "com.google.android.gms.tagmanager.", "com.google.tagmanager.", "okhttp3.", "com.squareup.okhttp.",
    "retrofit.", "retrofit2.", "com.android.volley.", "com.loopj.android.http.", "org.jsoup.", "org.ksoap2.",
    "cz.msebera.android.httpclient.", "com.google.firebase.database.", "com.google.firebase.firestore.",
    "org.java_websocket.", "org.eclipse.paho.",
)  # fmt: skip
"""Code of libraries that send: what they are handed counts as sent there, and is not looked for behind that."""
CONTAINERS: Final = (
    "android.support.", "androidx.", "kotlin.", "kotlinx.", "com.google.common.", "j$.", *SENDERS,
    "org.apache.cordova.PluginResult", "org.apache.cordova.CallbackContext",
    "org.apache.cordova.NativeToJsMessageQueue", "org.apache.cordova.engine.",
)  # fmt: skip
"""Code that handles anybody's data: fields of its objects are not followed from method to method where many places
make them, and what it says in the log is about objects, such as of which kind a clip is, not what they hold."""
COMMON_CODE: Final = (*CONTAINERS, *VIEW_LIBRARIES, "com.google.protobuf.")
"""The same, and more of the kind: methods come after all others, and fields of objects count as said there."""
COLLECTIONS: Final = (
    "java.util.", "org.json.", "java.lang.StringBu", "android.content.ContentValues", "android.os.Bundle",
)  # fmt: skip
"""Classes of which what is put into one object comes out of the same object in another method."""
CONTAINER_NAMES: Final = (
    "Map", "List", "Set", "Collection", "Queue", "Deque", "Vector", "Hashtable", "Stack", "JSONObject", "JSONArray",
)  # fmt: skip
"""How the names of those of them end whose objects give back all that is put into them."""
WRAPPERS: Final = ("java.io.", "java.util.zip.", "java.util.Formatter", "java.nio.")
"""Classes whose objects pass on to another object what is handed to them."""
PLAIN_BYTES: Final = frozenset({
    b"Ljava/lang/String;", b"Ljava/lang/Boolean;", b"Ljava/lang/Byte;", b"Ljava/lang/Character;",
    b"Ljava/lang/Double;", b"Ljava/lang/Float;", b"Ljava/lang/Integer;", b"Ljava/lang/Long;", b"Ljava/lang/Short;",
    b"Z", b"B", b"C", b"D", b"F", b"I", b"J", b"S",
})  # fmt: skip
"""What cannot be changed: nothing comes to lie in it."""

HOLDING_NOTHING: Final = frozenset(
    f"L{name};".encode()
    for name in (
        "android/content/Context", "android/content/ContextWrapper", "android/os/Handler", "android/os/Looper",
        "android/view/View", "android/view/ViewGroup", "android/widget/Button", "android/widget/CheckBox",
        "android/widget/EditText", "android/widget/FrameLayout", "android/widget/ImageView",
        "android/widget/LinearLayout", "android/widget/ListView", "android/widget/ProgressBar",
        "android/widget/RelativeLayout", "android/widget/TextView", "java/lang/Class", "java/lang/Thread",
    )
)  # fmt: skip
"""Classes of fields in which no data lies, but what leads to other objects. A field of an interface takes anything.
Source: AOSP, art/runtime/verifier/reg_type-inl.h, RegType::AssignableFrom."""
ADDRESSES: Final = frozenset(
    f"L{name};".encode()
    for name in (
        "java/lang/String", "java/lang/CharSequence", "java/lang/Object", "java/lang/StringBuilder",
        "java/lang/StringBuffer", "java/net/URL", "java/net/URI", "android/net/Uri",
    )
)  # fmt: skip
"""Classes of arguments that may be an address."""

RAW_QUERIES: Final = frozenset({f"{_DATABASE}.rawQuery", f"{_DATABASE}.rawQueryWithFactory"})
"""Calls that are handed a statement of SQL, which need be no question."""
LOOKUPS: Final[Mapping[str, int]] = {
    **dict.fromkeys((f"{_DATABASE}.query", f"{_DATABASE}.queryWithFactory", *RAW_QUERIES, QUERY), 1),
    "android.database.sqlite.SQLiteQueryBuilder.query": 2,
    "android.content.ContentProviderClient.query": 1,
    "android.app.Activity.managedQuery": 1,
    **dict.fromkeys((f"java.lang.String.{call}" for call in ("getBytes", "split", "substring", "charAt")), 1),
    **dict.fromkeys((f"java.util.{one}.get" for one in ("Map", "HashMap", "Hashtable", "LinkedHashMap", "TreeMap")), 1),
    **dict.fromkeys((f"java.util.{one}.get" for one in ("List", "ArrayList", "LinkedList", "Vector")), 1),
    "java.net.URLEncoder.encode": 1,
    **dict.fromkeys((f"{one}.getSharedPreferences" for one in _CONTEXTS), 1),
    **{
        f"android.accounts.AccountManager.{call}": 1
        for call in ("peekAuthToken", "getAuthToken", "blockingGetAuthToken", "updateCredentials", "confirmCredentials")
    },
}
"""Calls that give part of a database, a text or a collection, settings by their name, or a token of an account; the
other arguments only choose it and are not in it. How many of the first ones what they give may hold."""

_SPIS: Final = (b"CipherSpi;", b"/MessageDigestSpi;", b"/MacSpi;")


def is_cipher(descriptor: bytes) -> bool:
    """Tell whether a class is one that ciphers or digests derive from, of Java or of a library of ciphers."""
    return descriptor.endswith(_SPIS) or b"/jcajce/provider/" in descriptor


def adds_nothing(name: str) -> bool:
    """Tell whether a call puts nothing that it is handed into the object that it is called on."""
    return name.startswith(_ADDING_NOTHING)
