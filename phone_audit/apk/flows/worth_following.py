"""Which calls are followed into the methods that they may reach: those that matter to data, and short ones.

What is not followed is taken to do nothing with what it is handed but keep it.
"""

from collections.abc import Sequence
from typing import Final

from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.dex.index import remembered
from phone_audit.apk.flows.heap import Heap
from phone_audit.apk.flows.lifter import Lifter
from phone_audit.apk.flows.program import Method, Program
from phone_audit.apk.flows.summaries import Frame
from phone_audit.apk.flows.taint_rules import CHANGING, SMALL, SMALL_CONSTRUCTOR, TYPED_VIEW, VIEW_LIBRARIES
from phone_audit.apk.flows.taint_state import TaintState
from phone_audit.apk.flows.taints import Taint, Value

_MOST_LIBRARY_VIEWS: Final = 2
"""Methods of views of libraries that are followed only since something known is typed into the view."""
_STATIC: Final = 0x8


class WorthFollowing:
    """Decides for the calls of one package."""

    def __init__(self, program: Program, shared: TaintState, bodies: Lifter) -> None:
        self._program = program
        self._shared = shared
        self._bodies = bodies
        self._views_followed: set[Method] = set()

    def __call__(self, frame: Frame, heap: Heap, target: Method, values: Sequence[Value]) -> bool:
        """Tell whether a call is followed into a method.

        Args:
            frame: the method that calls.
            heap: what objects hold before.
            target: what may be called.
            values: what each argument register may hold.
        """
        if target in self._shared.relevant:
            return True
        size = self._bodies.size(target)
        if not size:
            return False
        if size <= SMALL or (size <= SMALL_CONSTRUCTOR and self._makes_ready(frame, target, values)):
            return True
        frame.places.add(target)
        if self._gives_cipher(target):
            return True
        if not self._is_of_library_view(target) or frame.carries(heap, values[1:]):
            return frame.carries(heap, values)
        held = heap.taints_of(frame, values[:1])
        if any(isinstance(atom, Taint) and not atom.data.startswith(TYPED_VIEW) for atom in held):
            return True
        return frame.carries(heap, values[:1]) and self._may_follow_view(target)

    def _makes_ready(self, frame: Frame, target: Method, values: Sequence[Value]) -> bool:
        """Tell whether a method is a constructor, or one of an object alone that a constructor calls."""
        if self._program.name_of(target).name == "<init>":
            return True
        is_of_object = len(values) == 1 and not self._program.access(target) & _STATIC
        return is_of_object and frame.body.place.method.startswith("<init>(")

    def _may_follow_view(self, target: Method) -> bool:
        """Tell whether a method of a view of a library is followed for what is typed into the view: a few are, not all.

        Libraries do nothing with it, but anybody may choose the name of one.
        """
        if len(self._views_followed) < _MOST_LIBRARY_VIEWS:
            self._views_followed.add(target)
        self._shared.cut |= target not in self._views_followed
        return target in self._views_followed

    @remembered
    def _is_of_library_view(self, target: Method) -> bool:
        """Tell whether a method is one of a view that a library brings, by the name of its class."""
        owner = self._program.name_of(target).owner
        is_static = self._program.access(target) & _STATIC
        return not is_static and java_name(owner).startswith(VIEW_LIBRARIES) and self._program.is_view(owner)

    @remembered
    def _gives_cipher(self, target: Method) -> bool:
        """Tell whether a method gives back a cipher or a digest: whether Android made it matters to what it changes."""
        return self._program.name_of(target).proto.rpartition(")")[2].encode() in CHANGING
