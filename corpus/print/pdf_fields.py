"""What a PDF form is filled in with: values of fields with their places, which PDFium does not count as text."""

from __future__ import annotations

import ctypes
import re
from typing import Final, NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from manyo.corpus.print.pdf_objects import Frame

_MAX_FIELDS: Final = 5_000
_MAX_CHARS: Final = 20_000
_PASSWORD: Final = 1 << 13
_HIDDEN: Final = 2 | 32  # hidden, or not to be viewed
_TEXTS: Final = (raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX)
_CHECKS: Final = (raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON)
_LINE_ENDS = re.compile("\r\n|\r|\n")


class FieldLine(NamedTuple):
    """A line of a field's value: its box on the displayed page, and the size of its print."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    size: float


def field_lines(page: pdfium.PdfPage, frame: Frame) -> list[FieldLine]:
    """The values of the fields on a page of a document whose forms were initialised; ☑ and □ for boxes to check."""
    found: list[FieldLine] = []
    if page.formenv is None:
        return found
    rect = raw.FS_RECTF()
    for number in range(min(raw.FPDFPage_GetAnnotCount(page.raw), _MAX_FIELDS)):
        annotation = raw.FPDFPage_GetAnnot(page.raw, number)
        if not annotation:
            continue
        try:
            text = _value(page, annotation)
            if text and raw.FPDFAnnot_GetRect(annotation, rect):
                found += _lines(text, frame.box(rect.left, rect.bottom, rect.right, rect.top))
        finally:
            raw.FPDFPage_CloseAnnot(annotation)
    return found


def _value(page: pdfium.PdfPage, annotation: raw.FPDF_ANNOTATION) -> str:
    """What a field says; nothing if it is hidden, holds a password, or is no field."""
    form = page.formenv.raw
    if raw.FPDFAnnot_GetSubtype(annotation) != raw.FPDF_ANNOT_WIDGET or raw.FPDFAnnot_GetFlags(annotation) & _HIDDEN:
        return ""
    kind = raw.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind in _CHECKS:
        return "☑" if raw.FPDFAnnot_IsChecked(form, annotation) else "□"
    if kind not in _TEXTS or raw.FPDFAnnot_GetFormFieldFlags(form, annotation) & _PASSWORD:
        return ""
    size = raw.FPDFAnnot_GetFormFieldValue(form, annotation, None, 0)
    if not 2 < size <= 2 * _MAX_CHARS:
        return ""
    buffer = (ctypes.c_ushort * (size // 2))()
    raw.FPDFAnnot_GetFormFieldValue(form, annotation, buffer, size)
    return bytes(buffer)[: size - 2].decode("utf-16-le", "replace")


def _lines(text: str, box: tuple[float, float, float, float]) -> list[FieldLine]:
    """The lines of a value in its box: a single one in the middle of its height, more from the top on."""
    left, top, right, bottom = box
    rows = [row.strip() for row in _LINE_ENDS.split(text) if row.strip()]
    if not rows or right <= left or bottom <= top:
        return []
    size = min(0.7 * (bottom - top) / len(rows), 12.0)
    step = 1.2 * size
    first = (top + bottom - step * len(rows)) / 2 if len(rows) == 1 else top
    return [
        FieldLine(row, left, first + n * step, min(right, left + size * len(row)), first + n * step + size, size)
        for n, row in enumerate(rows)
    ]
