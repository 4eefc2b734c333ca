"""GS1: check digits, element strings, Digital Links and scan data, by the GS1 Syntax Dictionary. Standard library only.

    scan_data.parse("]Q3" + text)      what a scanner sends      ScanData
    elements.parse(text)               0109506000134352...       tuple[Element, ...]
    elements.parse_bracketed(text)     (01)09506000134352...     the same
    digital_link.parse(text)           https://.../01/...        DigitalLink
    associations.problems(elements)    what must not, or must, stand together

Raises nothing but BadGs1, a ProtocolError that says what was expected and of which AI.
"""
