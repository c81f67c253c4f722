"""What calls of Android do to values: which give data away, which give it, and how it passes through."""

from collections.abc import Collection, Sequence
from itertools import accumulate
from typing import Final

from phone_audit.apk.dex.index import remembered
from phone_audit.apk.flows import taint_rules
from phone_audit.apk.flows.call import Call, fields_of
from phone_audit.apk.flows.callees import Callees
from phone_audit.apk.flows.heap import Heap, can_change, plain_data
from phone_audit.apk.flows.ir import CallSite
from phone_audit.apk.flows.named_values import NamedValues
from phone_audit.apk.flows.program import Program, parameter_types
from phone_audit.apk.flows.sending_libraries import Sink
from phone_audit.apk.flows.summaries import FOR_SCRIPT, Frame, leads_to, sink_event
from phone_audit.apk.flows.taint_rules import ADDRESSES
from phone_audit.apk.flows.taint_state import TaintState
from phone_audit.apk.flows.taints import (
    ANY,
    ENCRYPTS,
    NOTHING,
    OF_ANDROID,
    Atom,
    Inside,
    Mark,
    Number,
    Obj,
    Taint,
    Text,
    Value,
    bounded,
    in_order,
    mark,
    objects,
    taints,
    tells_way,
    texts,
)
from phone_audit.apk.flows.whole_objects import WholeObjects
from phone_audit.model.apk import DIGESTS

_EXPLICIT: Final = mark("explicit")
_CHANGED_BY: Final = {"cipher": ENCRYPTS, "digest": DIGESTS}
"""What the step is called in which data can be read no more."""


class CallModel:
    """Applies the models of calls."""

    def __init__(self, program: Program, shared: TaintState, callees: Callees, whole: WholeObjects) -> None:
        self._program = program
        self._shared = shared
        self._callees = callees
        self._whole = whole
        self._named = NamedValues(program, shared)

    def apply(self, frame: Frame, site: CallSite, values: Sequence[Value], heap: Heap) -> Value:
        """Return what a call returns, and change what objects hold."""
        api = self._callees.api(site.callee, static=site.static)
        if api.called_back:
            values = [NOTHING if at in api.called_back else value for at, value in enumerate(values)]
        inside = self._whole.kept_in(frame, heap, values[0 if site.static else 1 :]) if api.whole else set()
        if inside:
            last = max(at for at in range(len(values)) if at not in api.called_back)
            taker = 0 if api.sink and 0 in api.sink.only else last
            values = [bounded(value | inside) if at == taker else value for at, value in enumerate(values)]
        call = Call(site, api, values, heap, frame)
        if api.joins:
            return self._joined(call)
        if frame.tainted and (api.sink or api.writes):
            self._sink(call)
        if api.extras:
            kept = self._named.put_or_get(call)
            if kept is not None:
                return kept
        if api.special:
            self._special(call, api.special)
        if api.fills and not (api.looks_up and self._is_question(call)):
            self._into_receiver(call)
        return self._result(call)

    def typed(self, frame: Frame, site: CallSite, values: Sequence[Value], heap: Heap) -> Value | None:
        """Return a view that something known is typed into, or its text; None where a call gives neither."""
        callee = site.callee
        if callee.returns.startswith(taint_rules.VIEW_TYPES) and (views := self._numbered(values)):
            return self._made(frame, site, views)
        if site.static or not frame.tainted or callee.name not in (taint_rules.TEXT_OF, taint_rules.FIELD_OF):
            return None
        views = {view for atom in heap.taints_of(frame, values[:1]) for view in self._views_at(atom)}
        if len(views) != 1:  # none, or a field for views of several kinds, as base classes of screens have
            return None
        is_text = callee.name == taint_rules.TEXT_OF
        return self._made(frame, site, {one.removeprefix(taint_rules.TYPED_VIEW) if is_text else one for one in views})

    def _numbered(self, values: Sequence[Value]) -> set[str]:
        """Return what a call that is handed the number of a view gives."""
        known = self._program.view_fields.data
        numbers = [atom.value for value in values for atom in value if isinstance(atom, Number)]
        return {f"{taint_rules.TYPED_VIEW}{known[number]}" for number in numbers if number in known}

    def _made(self, frame: Frame, site: CallSite, found: Collection[str]) -> Value:
        frame.tainted = True
        name = self._callees.api(site.callee, static=site.static).names[0]
        return frozenset({site.fresh, *(self._shared.taint(data, (site.step(f"calls {name}"),)) for data in found)})

    def _sink(self, call: Call) -> None:
        api, values, heap = call.api, call.values, call.heap
        sink = api.sink
        if sink is not None and sink.name == "log" and call.site.begin.class_.startswith(taint_rules.CONTAINERS):
            return
        handed = self._arguments_sent(call, sink)
        reached = heap.sent(call.frame, frozenset().union(*handed))
        shows = sink is not None and any(name.startswith(taint_rules.PAGES) for name in api.names)
        beside = NOTHING if shows else heap.closure_of_all(values[:1])
        if shows and call.site.begin.class_.startswith(taint_rules.BRIDGES):
            reached = {*reached, FOR_SCRIPT}
        event = sink_event(sink.name if sink else "", call.site.step(f"calls {api.names[0]}"), reached, beside)
        call.frame.note(event if sink else event._replace(kind="write", to=leads_to(beside)))

    def _arguments_sent(self, call: Call, sink: Sink | None) -> Sequence[Value]:
        """Return what of a call is given away: all arguments, or those that a sink names."""
        values = call.values
        if sink is None or not sink.only:
            return values if call.site.static or (sink and sink.receiver) else values[sink.first if sink else 1 :]
        callee = call.site.callee
        kinds = parameter_types(self._program.names.named(callee.part, callee.number).proto)
        begins = [
            0,
            *accumulate((2 if kind in (b"J", b"D") else 1 for kind in kinds), initial=0 if call.site.static else 1),
        ]
        return [values[begins[one]] for one in sink.only if one < len(kinds) + 1 and begins[one] < len(values)]

    def _special(self, call: Call, what: str) -> None:
        values, heap = call.values, call.heap
        if what in taint_rules.COPIES:
            giver, taker = taint_rules.COPIES[what]
            if len(values) > taker:
                _copy(heap, values[giver], values[taker])
        elif what == "file":
            self._named.file(call)
        elif what == "message":
            self._named.message(call)
        elif what == "read" and len(values) >= 2:
            _copy(heap, values[0], values[1])
        elif what == "intent" and values:
            callee = call.site.callee
            named_class = callee.name in taint_rules.EXPLICIT and bool(texts(values[-1]) or objects(values[-1]))
            proto = self._program.names.named(callee.part, callee.number).proto
            if named_class or "Ljava/lang/Class;" in proto:
                for obj in objects(values[0]):
                    heap.put(obj, ANY, frozenset({_EXPLICIT}))

    def _into_receiver(self, call: Call) -> None:
        """What is handed to an object of Android is taken to lie in it from then on."""
        values, is_made = call.values[1:], call.site.callee.name == "<init>"
        handed = self._carried(values[0] if len(values) == 1 else frozenset().union(*values))
        if not handed:
            return
        for atom in objects(call.values[0]):
            inside = objects(call.heap.slots(atom).get(ANY, NOTHING)) if call.api.wraps else []
            for one in (atom, *inside):
                is_filled = is_made and call.api.holds if one.own else is_made or can_change(one)
                if is_filled:
                    call.heap.put(one, ANY, handed - {one} if one in handed else handed)
            if call.api.collects and not atom.own:
                for place in fields_of(call.heap, atom):
                    call.note_in_field(place, plain_data(call.frame, call.heap, handed))

    @remembered
    def _carried(self, value: Value) -> Value:
        """Return what goes along when a value is put into something: no numbers, and of texts only addresses."""
        left = [one for one in value if isinstance(one, Number) or (isinstance(one, Text) and not tells_way(one))]
        return value.difference(left) if left else value

    def _joined(self, call: Call) -> Value:
        """Put the data in what is handed over into a text, and return that."""
        receiver, handed = call.values[0], frozenset().union(*call.values[1:])
        added: set[Atom] = {one for one in handed if tells_way(one)}
        if call.frame.tainted:
            added |= call.heap.taints_of(call.frame, (handed,))
        else:
            added |= {one.inside for one in objects(handed) if _may_be_url(one)}
        data = bounded(added)
        builders = objects(receiver)
        for atom in builders if data else ():
            if can_change(atom):
                call.heap.put(atom, ANY, data)
            for place in fields_of(call.heap, atom):
                call.note_in_field(place, data)
        return receiver if builders else bounded({*receiver, *data, call.site.fresh})

    def _result(self, call: Call) -> Value:
        api, callee = call.api, call.site.callee
        data = self._source(call)
        if callee.returns in (b"V", b"Z") and data is None:
            return NOTHING
        if api.answers:
            return frozenset({call.site.fresh}) if callee.reference else NOTHING
        found: set[Atom] = set()
        if data is not None:
            call.frame.tainted = True
            found.add(self._shared.taint(data, (call.site.step(f"calls {api.names[0]}"),)))
        if api.neutral:
            return frozenset(found)
        passing = self._passing(call)
        if call.frame.tainted:
            found |= call.heap.taints_of(call.frame, passing)
        elif callee.reference:
            found |= {one.inside for value in passing for one in value if isinstance(one, Obj) and _may_be_url(one)}
        if callee.reference:
            self._object_result(call, passing, found)
        words = _CHANGED_BY.get(api.special or "")
        callees = self._callees
        holds = callees.digests_are_of_android if words == DIGESTS else callees.ciphers_encrypt
        if words and holds and _is_of_android(call.values[:1]):
            return self._changed(call, bounded(found), words)
        return bounded(found)

    def _changed(self, call: Call, value: Collection[Atom], words: str) -> Value:
        """Return data after a cipher or a digest; what holds it readable is left out."""
        kept = [one for one in value if not isinstance(one, Obj) or one is call.site.fresh]
        return self._shared.after(kept, (call.site.step(f"{words}{call.api.names[0]}"),))

    def _passing(self, call: Call) -> Sequence[Value]:
        """Return those of the values that a call is handed that its result may hold.

        What gives one part of an object that is data, such as who sent a message, does not give the rest of it.
        """
        values = call.values
        whole = taint_rules.PART_OF.get(call.api.source or "")
        if whole and values:
            reached = [one for one in call.heap.closure(values[0]) if isinstance(one, Taint) and one.data != whole]
            return [bounded(reached), *values[1:]]
        if call.api.looks_up and self._is_question(call):
            values = values[: call.api.looks_up]
        return values[1:] if call.api.untouched and not call.site.static else values

    def _is_question(self, call: Call) -> bool:
        """Tell whether a call asks a database; a statement of SQL that is known may do something else."""
        if taint_rules.RAW_QUERIES.isdisjoint(call.api.names):
            return True
        return all(text.lstrip().lower().startswith("select") for text in texts(call.values[1]))

    def _object_result(self, call: Call, passing: Sequence[Value], found: set[Atom]) -> None:
        api, site, heap = call.api, call.site, call.heap
        receiver = NOTHING if site.static or not call.values else call.values[0]
        if not api.untouched:
            if api.gives_itself:
                found |= receiver
            for value in passing:
                for atom in value:
                    if isinstance(atom, Obj):
                        inside = heap.slots(atom).get(ANY)
                        if inside:
                            found |= self._carried(inside)
                        if atom.is_param and not atom.own and call.frame.is_live(atom):
                            found.add(atom.part(ANY))
                    elif tells_way(atom):
                        found.add(atom)
        if api.mark:
            found.add(api.mark)
        if api.plain:
            return
        found.add(site.fresh)
        if not api.untouched:
            made = frozenset({site.fresh})
            for atom in receiver:
                if not isinstance(atom, Obj) or atom.kind == "unknown" or atom.own or atom is site.fresh:
                    continue
                if can_change(atom):
                    heap.put(atom, ANY, made)

    def _source(self, call: Call) -> str | None:
        if call.api.setting:
            call.frame.want(frozenset().union(*call.values))
            named = {text for value in call.values for text in texts(value)}
            return next((data for key, data in taint_rules.SETTINGS.items() if key in named), None)
        if call.api.query:
            return self._queried(call)
        is_of_itself = self._callees.is_its_own(call.site.callee, call.api.source, call.site.begin.class_)
        return None if is_of_itself else call.api.source

    def _views_at(self, atom: Atom) -> set[str]:
        """Return the views that something known is typed into that this is, or that were put where it lies."""
        if isinstance(atom, Inside):
            kept = self._shared.places.get(atom.obj.place, NOTHING)
            return {view for one in kept for view in self._views_at(one)}
        return {atom.data} if isinstance(atom, Taint) and atom.data.startswith(taint_rules.TYPED_VIEW) else set()

    def _queried(self, call: Call) -> str | None:
        """Return the data of the provider that is asked: it is named by a field or a text."""
        for value in call.values[1:2]:
            call.frame.want(value)
            for atom in sorted(call.heap.closure(value), key=in_order):
                if isinstance(atom, Mark) and atom.name.startswith("data:"):
                    return atom.name.removeprefix("data:")
                if isinstance(atom, Text):
                    for start, data in taint_rules.PROVIDER_TEXTS.items():
                        if atom.text.startswith(start):
                            return data
        return None


def _is_of_android(called: Sequence[Value]) -> bool:
    """Tell whether a cipher or a digest is one that Android made here, as by `Cipher.getInstance`."""
    made = [one for value in called for one in objects(value)]
    is_from_field = any(OF_ANDROID in value for value in called)
    return bool(made or is_from_field) and all(
        (one.kind == "api" and one.type in taint_rules.CHANGING) or (is_from_field and one.base is not None)
        for one in made
    )


def _may_be_url(obj: Obj) -> bool:
    return obj.is_param and obj.base is None and obj.type in ADDRESSES


def _copy(heap: Heap, giver: Value, taker: Value) -> None:
    inside: set[Atom] = set(taints(giver))
    for obj in objects(giver):
        inside.update(*heap.slots(obj).values())
    for obj in objects(taker):
        heap.put(obj, ANY, frozenset(inside))
