"""Numbers as books print them: -8.9e-05 is −8.9 × 10⁻⁵, +- is ±, and no line ends within."""

import re

# not the hyphen of a word, of a date or of a range, nor digits that are part of a name
NUMBER = re.compile(r"(?<![\w.,-])(-?)(\d[\d,]*(?:\.\d+)?)(?:e([-+]?\d+))?(?![\w,.]*\w)")
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
TIMES, PLUS_MINUS = "\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}", "\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}"


def typeset(text):
    """Return the text with its numbers as a page shows them."""
    text = re.sub(r"(?<=\d) ± (?=\d)", PLUS_MINUS, text.replace("+-", "±"))
    return NUMBER.sub(_typeset, text)


def _typeset(found):
    sign, digits, exponent = found.groups()
    if not float(digits.replace(",", "")):   # -0.000 is a small number that was rounded
        return digits
    sign = sign and "−"
    if exponent is None:
        return sign + digits
    power = "10" + str(int(exponent)).translate(RAISED)
    return sign + (power if digits == "1" else digits + TIMES + power)
