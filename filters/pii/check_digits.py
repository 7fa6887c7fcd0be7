"""Check digits of numbers that have them."""

from __future__ import annotations


def luhn(digits: str) -> bool:
    """Whether the last digit is the correct check digit (ISO/IEC 7812-1, Annex B)."""
    doubled = [int(digit) * (1 + i % 2) for i, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def my_number_check_digit(digits: str) -> int:
    """The twelfth digit of a My Number from its first eleven (平成26年総務省令第85号, 第5条)."""
    total = sum(int(digit) * (n + 1 if n <= 6 else n - 5) for n, digit in enumerate(reversed(digits), 1))
    remainder = total % 11
    return 0 if remainder <= 1 else 11 - remainder


def is_iban(number: str) -> bool:
    """Whether the check digits of an IBAN without blanks are correct (ISO 13616-1: modulus 97)."""
    turned = number[4:] + number[:4]
    return int("".join(str(int(char, 36)) for char in turned)) % 97 == 1
