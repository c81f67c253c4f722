"""What runs behind `shell:` and `exec:` on the simulated phone: a small sh, and the commands it knows.

The language: lists (`;` `&&` `||`, line ends), pipes, `!`, `( )`, `{ }`, `if`, `for`, `while`, `until`, `case`,
functions; quotes of every kind, `$'...'` too; parameters with `:-` `-` `:+` `+` `#` `##` `%` `%%` and length, `$(...)`,
backticks, `$((...))`; names matched by `*` `?` `[...]`; redirections of 0, 1 and 2 from files, to /dev/null and to each
other, and here-documents. Nothing runs in the background, and nothing on the phone can be written.

The commands are in `commands.PROGRAMS` and `builtins.BUILTINS`; any other ends as on Android 9, with
`/system/bin/sh: NAME: not found` and status 127.
"""
