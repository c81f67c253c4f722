"""The ways in which code looks up classes, methods and other code by name."""

import re
from typing import Final, Literal, NamedTuple

Kind = Literal["class", "method", "all methods", "kin", "new", "code", "component"]
"""A look-up of a class, or of methods of one; of a class by another one; making; loading of code; of a component."""

KIN: Final = (
    b"getSuperclass", b"getInterfaces", b"getDeclaredClasses", b"getClasses", b"getEnclosingClass",
    b"getDeclaringClass", b"getComponentType", b"getConstructors", b"getDeclaredConstructors", b"getType",
    b"getReturnType", b"getParameterTypes", b"getActualTypeArguments",
)  # fmt: skip
"""What of `Class` and `java.lang.reflect` leads from one class to others, or to all constructors. Source as below."""
_COMPONENTS: Final = (b"Activity", b"Application", b"ClassLoader", b"Provider", b"Receiver", b"Service")
"""What `AppComponentFactory` instantiates by name."""
LOOK_UPS: Final[dict[bytes, tuple[Kind, re.Pattern[bytes]]]] = {
    b"forName": ("class", re.compile(b"Ljava/lang/Class;")),
    b"loadClass": ("class", re.compile(b"")),
    b"findClass": ("class", re.compile(b"")),
    b"instantiate": ("class", re.compile(b"Landroid/app/Fragment;")),
    b"createView": ("class", re.compile(b"Landroid/view/LayoutInflater;")),
    b"fromMethodDescriptorString": ("class", re.compile(b"Ljava/lang/invoke/MethodType;")),
    b"createXMLReader": ("class", re.compile(b"Lorg/xml/sax/helpers/XMLReaderFactory;")),
    b"getBundle": ("class", re.compile(b"Ljava/util/ResourceBundle;")),
    **{b"instantiate" + kind: ("class", re.compile(b"")) for kind in _COMPONENTS},
    b"newActivity": ("class", re.compile(b"Landroid/app/Instrumentation;")),
    b"newApplication": ("class", re.compile(b"Landroid/app/Instrumentation;")),
    b"getMethod": ("method", re.compile(b"Ljava/lang/Class;")),
    b"getDeclaredMethod": ("method", re.compile(b"Ljava/lang/Class;")),
    b"findVirtual": ("method", re.compile(b"Ljava/lang/invoke/")),
    b"findStatic": ("method", re.compile(b"Ljava/lang/invoke/")),
    b"findSpecial": ("method", re.compile(b"Ljava/lang/invoke/")),
    b"getMethods": ("all methods", re.compile(b"Ljava/lang/Class;")),
    b"getDeclaredMethods": ("all methods", re.compile(b"Ljava/lang/Class;")),
    b"newInstance": ("new", re.compile(b"Ljava/lang/(?:Class|reflect/Constructor);")),
    b"load": ("code", re.compile(b"Ljava/lang/(?:System|Runtime);")),
    b"loadLibrary": ("code", re.compile(b"Ljava/lang/(?:System|Runtime);")),
    b"loadDex": ("code", re.compile(b"Ldalvik/system/DexFile;")),
    **{name: ("kin", re.compile(b"Ljava/lang/(?:Class;|reflect/)")) for name in KIN},
}
"""By name and class. Sources: Java and Android reference."""
LEADING: Final = re.compile(rb"L(?:java/lang/(?:Class|ClassLoader|Runtime|System);|java/lang/reflect/|dalvik/system/)")
"""Classes of which a method, looked up by its name, leads to any class, or to other code. Source: as above."""
FACTORIES: Final = re.compile(b"Ljavax/xml/")
"""Where `newInstance` takes the name of a class."""
NEW: Final = b"<init>"
LOADERS: Final = re.compile(rb"Ldalvik/system/(?:\w*ClassLoader|DexFile);|Ljava/net/URLClassLoader;")
"""Classes whose objects load code from where they are told. Source: Android reference."""


class LookUp(NamedTuple):
    """Methods that look something up by what they are handed."""

    kind: Kind
    owner: re.Pattern[bytes] | bytes
    name: bytes
    prototype: str | None
