"""Names of the ASCII bytes that kernels compare with: kernels read numbers, people read names."""

from __future__ import annotations

from typing import Final

TAB: Final = 0x09
LINE_FEED: Final = 0x0A
VERTICAL_TAB: Final = 0x0B
FORM_FEED: Final = 0x0C
CARRIAGE_RETURN: Final = 0x0D
SPACE: Final = ord(" ")
EXCLAMATION_MARK: Final = ord("!")
QUOTATION_MARK: Final = ord('"')
NUMBER_SIGN: Final = ord("#")
PERCENT_SIGN: Final = ord("%")
AMPERSAND: Final = ord("&")
APOSTROPHE: Final = ord("'")
ASTERISK: Final = ord("*")
COMMA: Final = ord(",")
HYPHEN: Final = ord("-")
FULL_STOP: Final = ord(".")
SLASH: Final = ord("/")
DIGIT_ZERO: Final = ord("0")
DIGIT_NINE: Final = ord("9")
COLON: Final = ord(":")
SEMICOLON: Final = ord(";")
LESS_THAN: Final = ord("<")
EQUALS_SIGN: Final = ord("=")
GREATER_THAN: Final = ord(">")
QUESTION_MARK: Final = ord("?")
UPPER_A: Final = ord("A")
UPPER_Z: Final = ord("Z")
LOW_LINE: Final = ord("_")
LOWER_A: Final = ord("a")
LOWER_D: Final = ord("d")
LOWER_E: Final = ord("e")
LOWER_F: Final = ord("f")
LOWER_M: Final = ord("m")
LOWER_S: Final = ord("s")
LOWER_U: Final = ord("u")
LOWER_X: Final = ord("x")
LOWER_Z: Final = ord("z")

#: The bit that distinguishes a small letter from its capital: `byte | CASE_BIT` is the small letter of a letter.
CASE_BIT: Final = 0x20
