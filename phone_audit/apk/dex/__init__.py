"""DEX files straight from their bytes: header, string, type and class tables as arrays. No opinion in here.

Source of every layout in this package: the Dalvik executable format, https://source.android.com/docs/core/runtime/dex-format.
"""
