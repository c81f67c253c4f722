"""Runs a program of the shell's language: the walk over the syntax tree.

All that a program may use up is limited: its statements, its nesting, and what goes through a pipe.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from io import BytesIO

from phone_audit.simulated.tree import Tree
from phone_audit.simulated.userland import words
from phone_audit.simulated.userland.call import Call, Command, Nowhere, Phone, Sink, Streams, decode, encode, nothing
from phone_audit.simulated.userland.control import (
    Budget,
    ExitShell,
    LeaveLoop,
    Pipe,
    ReturnFromFunction,
    ShellLimitError,
)
from phone_audit.simulated.userland.lexer import ShellSyntaxError
from phone_audit.simulated.userland.parser import parse
from phone_audit.simulated.userland.redirection import redirected
from phone_audit.simulated.userland.syntax import (
    Case,
    For,
    Function,
    Group,
    If,
    Loop,
    Pipeline,
    Script,
    Simple,
)
from phone_audit.simulated.userland.syntax import Command as Statement

SHELL_PATH = "/system/bin/sh"
NOT_FOUND = 127
_PROGRAM_FOLDERS = ("/system/bin/", "/system/xbin/", "/vendor/bin/")
_DEEPEST = 30

ENVIRONMENT = {
    "ANDROID_DATA": "/data",
    "ANDROID_ROOT": "/system",
    "EXTERNAL_STORAGE": "/sdcard",
    "HOME": "/",
    "HOSTNAME": "localhost",
    "LOGNAME": "shell",
    "PATH": "/system/bin:/system/xbin:/vendor/bin",
    "SHELL": SHELL_PATH,
    "TMPDIR": "/data/local/tmp",
    "USER": "shell",
}


Builtin = Callable[["Shell", Call], int]


class Shell:
    """One shell: its parameters, functions and folder.

    Args:
        phone: the phone it runs on.
        commands: the programs in /system/bin.
        builtins: what the shell does itself.
        budget: what may still be used up.
    """

    def __init__(
        self, phone: Phone, commands: Mapping[str, Command], builtins: Mapping[str, Builtin], budget: Budget
    ) -> None:
        self.phone = phone
        self.tree: Tree = phone.tree
        self.commands = commands
        self.builtins = builtins
        self.budget = budget
        self.parameters: dict[str, str] = dict(ENVIRONMENT)
        self.functions: dict[str, Statement] = {}
        self.arguments: tuple[str, ...] = ()
        self.name = SHELL_PATH
        self.folder = "/"
        self.status = 0
        self.depth = 0
        self._captured = 0
        self._streams = Streams(nothing(), Nowhere(), Nowhere())

    def child(self) -> "Shell":
        """Return a shell that begins as this one is now and changes nothing here."""
        shell = Shell(self.phone, self.commands, self.builtins, self.budget)
        shell.parameters, shell.functions = dict(self.parameters), dict(self.functions)
        shell.arguments, shell.name, shell.folder = self.arguments, self.name, self.folder
        shell.status, shell.depth, shell._streams = self.status, self.depth + 1, self._streams
        return shell

    def run(self, program: str, streams: Streams) -> int:
        """Run a program to its end and return its exit status.

        Raises:
            BrokenPipeError: whoever reads the output has gone.
            ShellLimitError: it uses more than the phone gives.
        """
        try:
            return self.script(parse(program), streams)
        except ShellSyntaxError as error:
            streams.stderr.write(encode(f"{SHELL_PATH}: {error}\n"))
            return 1
        except ExitShell as leave:
            return leave.status
        except LeaveLoop:
            return 0

    # ------------------------------------------------- what expansion asks for
    def value(self, name: str) -> str | None:
        """Return a parameter, also the special ones; None where it is not set."""
        if name == "?":
            return str(self.status)
        if name == "#":
            return str(len(self.arguments))
        if name == "$":
            return "4711"
        if name in "!-":
            return ""
        if name.isdigit():
            number = int(name)
            found = (self.name, *self.arguments)[number : number + 1]
            return found[0] if found else None
        return self.parameters.get(name)

    def charge(self, characters: int) -> None:
        """Count text that expansion made.

        Raises:
            ShellLimitError: it is too much.
        """
        self.budget.characters -= characters
        if self.budget.characters < 0:
            raise ShellLimitError("too much text")

    def capture(self, body: Script) -> str:
        """Run a program in a shell of its own and return what it prints, line ends at the end cut off."""
        pipe = Pipe()
        child = self.child()
        try:
            self._captured = child.script(body, replace(self._streams, stdout=pipe))
        except ExitShell as leave:
            self._captured = leave.status
        return decode(bytes(pipe.data)).replace("\0", "").rstrip("\n")

    # -------------------------------------------------------------- execution
    def script(self, script: Script, streams: Streams) -> int:
        """Run statements one after the other."""
        for chain in script:
            self.status = self._pipeline(chain.first, streams)
            for operator, pipeline in chain.rest:
                if (operator == "&&") == (self.status == 0):
                    self.status = self._pipeline(pipeline, streams)
        return self.status

    def _pipeline(self, pipeline: Pipeline, streams: Streams) -> int:
        if len(pipeline.commands) == 1:
            status = self.statement(pipeline.commands[0], streams)
        else:
            status = self._piped(pipeline.commands, streams)
        return int(status == 0) if pipeline.negated else status

    def _piped(self, commands: tuple[Statement, ...], streams: Streams) -> int:
        """Run each command to its end before the next begins; each in a shell of its own."""
        status, source = 0, streams.stdin
        for number, command in enumerate(commands):
            last = number == len(commands) - 1
            pipe = Pipe()
            sink: Sink = streams.stdout if last else pipe
            try:
                status = self.child().statement(command, Streams(source, sink, streams.stderr))
            except ExitShell as leave:
                status = leave.status
            source = BytesIO(pipe.data)
        return status

    def statement(self, command: Statement, streams: Streams) -> int:
        """Run one command of any kind."""
        self.budget.spend()
        if isinstance(command, Function):
            self.functions[command.name] = command.body
            return 0
        try:
            inner = redirected(command.redirects, streams, self)
        except OSError as error:
            streams.stderr.write(encode(f"{SHELL_PATH}: {error.strerror}\n"))
            return 1
        before, self._streams = self._streams, inner
        self.depth += 1
        try:
            if self.depth > _DEEPEST:
                raise ShellLimitError("nested too deeply")
            return self._kind(command, inner)
        finally:
            self.depth -= 1
            self._streams = before

    def _kind(self, command: Statement, streams: Streams) -> int:
        if isinstance(command, Simple):
            return self._simple(command, streams)
        if isinstance(command, Group):
            return self._group(command, streams)
        if isinstance(command, If):
            return self._if(command, streams)
        if isinstance(command, Loop):
            return self._loop(command, streams)
        if isinstance(command, For):
            return self._for(command, streams)
        return self._case(command, streams) if isinstance(command, Case) else 0

    def _group(self, command: Group, streams: Streams) -> int:
        if not command.subshell:
            return self.script(command.body, streams)
        try:
            return self.child().script(command.body, streams)
        except ExitShell as leave:
            return leave.status

    def _if(self, command: If, streams: Streams) -> int:
        for condition, body in command.arms:
            if self.script(condition, streams) == 0:
                return self.script(body, streams)
        return self.script(command.otherwise, streams) if command.otherwise else 0

    def _loop(self, command: Loop, streams: Streams) -> int:
        status = 0
        while (self.script(command.condition, streams) == 0) != command.until:
            self.budget.spend()
            try:
                status = self.script(command.body, streams)
            except LeaveLoop as leave:
                if self._leaves(leave):
                    return 0
        return status

    def _for(self, command: For, streams: Streams) -> int:
        status = 0
        for value in self.arguments if command.words is None else words.fields(command.words, self):
            self.budget.spend()
            self.parameters[command.name] = value
            try:
                status = self.script(command.body, streams)
            except LeaveLoop as leave:
                if self._leaves(leave):
                    return 0
        return status

    @staticmethod
    def _leaves(leave: LeaveLoop) -> bool:
        """Tell whether `break` or `continue` ends this loop, after passing on what is meant for one further out."""
        if leave.levels > 1:
            raise LeaveLoop(leave.levels - 1, again=leave.again)
        return not leave.again

    def _case(self, command: Case, streams: Streams) -> int:
        value = words.text(command.word, self)
        for patterns, body in command.arms:
            if any(words.matches(value, words.pattern(pattern, self)) for pattern in patterns):
                return self.script(body, streams) if body else 0
        return 0

    def _simple(self, command: Simple, streams: Streams) -> int:
        self._captured = 0
        arguments = words.fields(command.words, self)
        assigned = {name: words.text(word, self) for name, word in command.assignments}
        if not arguments:
            self.parameters.update(assigned)
            return self._captured
        before = {name: self.parameters.get(name) for name in assigned}
        self.parameters.update(assigned)
        try:
            return self.call(arguments[0], tuple(arguments[1:]), streams)
        finally:
            for name, value in before.items():
                if value is None:
                    self.parameters.pop(name, None)
                else:
                    self.parameters[name] = value

    def call(self, name: str, arguments: tuple[str, ...], streams: Streams) -> int:
        """Run a function, a builtin or a program by its name."""
        if name in self.functions:
            return self._function(self.functions[name], arguments, streams)
        call = Call(name, arguments, streams, self.phone, self.folder)
        if name in self.builtins:
            return self.builtins[name](self, call)
        folder, slash, program = name.rpartition("/")
        if slash and f"{folder}/" not in _PROGRAM_FOLDERS:
            return self._not_runnable(call)
        command = self.commands.get(program)
        if command is not None:
            return command(replace(call, name=program))
        if slash and program in self.builtins:
            return self.builtins[program](self, replace(call, name=program))
        return self._not_runnable(call)

    def _not_runnable(self, call: Call) -> int:
        """Say why there is no such program, in the words of Android 9."""
        try:
            node = self.tree.find(call.path(call.name)) if "/" in call.name else None
        except OSError:
            node = None
        if node is None:
            call.error(f"{SHELL_PATH}: {call.name}: not found\n")
            return NOT_FOUND
        call.error(
            f"{SHELL_PATH}: {call.name}: can't execute: {'Is a directory' if node.is_folder else 'Permission denied'}\n"
        )
        return NOT_FOUND - 1

    def _function(self, body: Statement, arguments: tuple[str, ...], streams: Streams) -> int:
        before, self.arguments = self.arguments, arguments
        try:
            return self.statement(body, streams)
        except ReturnFromFunction as leave:
            return leave.status
        finally:
            self.arguments = before
