"""Quantities as the LaTeX package siunitx writes them: `\\SI{5}{\\metre\\per\\second}` is 5 m·s⁻¹, here 5 m/s."""

import re
from collections.abc import Callable
from typing import Protocol

UNITS = {
    "metre": "m", "meter": "m", "gram": "g", "second": "s", "ampere": "A", "kelvin": "K", "mole": "mol",
    "candela": "cd", "hertz": "Hz", "newton": "N", "pascal": "Pa", "joule": "J", "watt": "W", "coulomb": "C",
    "volt": "V", "farad": "F", "ohm": "Ω", "siemens": "S", "weber": "Wb", "tesla": "T", "henry": "H", "lumen": "lm",
    "lux": "lx", "becquerel": "Bq", "gray": "Gy", "sievert": "Sv", "katal": "kat", "litre": "L", "liter": "L",
    "minute": "min", "hour": "h", "day": "d", "tonne": "t", "electronvolt": "eV", "bar": "bar", "degree": "°",
    "celsius": "°C", "degreeCelsius": "°C", "percent": "%", "radian": "rad", "steradian": "sr", "decibel": "dB",
    "angstrom": "Å", "arcminute": "′", "arcsecond": "″", "bit": "bit", "byte": "B", "dalton": "Da", "molar": "M",
    "hectare": "ha", "astronomicalunit": "au", "kg": "kg", "km": "km", "cm": "cm", "mm": "mm", "um": "µm", "nm": "nm",
    "m": "m", "s": "s", "ms": "ms", "Hz": "Hz", "kHz": "kHz", "MHz": "MHz", "GHz": "GHz", "N": "N", "J": "J",
    "kJ": "kJ", "W": "W", "kW": "kW", "V": "V", "A": "A", "mA": "mA", "K": "K", "Pa": "Pa", "kPa": "kPa", "mol": "mol",
    "eV": "eV", "g": "g", "mg": "mg", "L": "L", "mL": "mL", "l": "l", "ml": "ml", "h": "h", "min": "min",
}  # fmt: skip
PREFIXES = {
    "yocto": "y", "zepto": "z", "atto": "a", "femto": "f", "pico": "p", "nano": "n", "micro": "µ", "milli": "m",
    "centi": "c", "deci": "d", "deca": "da", "hecto": "h", "kilo": "k", "mega": "M", "giga": "G", "tera": "T",
    "peta": "P", "exa": "E", "zetta": "Z", "yotta": "Y", "kibi": "Ki", "mebi": "Mi", "gibi": "Gi",
}  # fmt: skip
POWERS = {"squared": "2", "cubed": "3"}
PART = re.compile(r"\\([a-zA-Z]+)(?:\{([^{}]*)\})?|\^\{?(-?\d+)\}?|[./~*]|[^\\^./~*]+")
POWER = re.compile(r"(?<!\w)([^\W\d_]{1,3})(-?\d)(?!\w)")  # "m-1" in \pu
NUMBER = re.compile(r"([-+]?[\d.,]*)(?:[eEdD]([-+]?\d+))?(.*)", re.DOTALL)


class Reader(Protocol):
    """What hands out the arguments of a command."""

    def argument(self) -> str:
        """The next argument."""

    def option(self) -> str:
        """The options before it."""


def unit(spec: str) -> str:
    """LaTeX of a unit: its symbols with their powers, a slash for \\per."""
    parts: list[str] = []
    between = prefix = power = ""
    for match in PART.finditer(spec):
        name, sign = match[1] or "", match[0].strip()
        exponent = match[3] or POWERS.get(name) or (match[2] if name in ("tothe", "raiseto") else "")
        if name == "per" or sign == "/":
            between = "/"
        elif name in ("square", "cubic"):
            power = "^2" if name == "square" else "^3"
        elif name in PREFIXES:
            prefix = PREFIXES[name]
        elif exponent:
            parts.append(f"^{{{exponent}}}")
        elif sign and sign not in ".~*":
            symbol = f"\\text{{{prefix}{UNITS.get(name, name) or sign}}}"
            parts.append((between or ("\\," if parts else "")) + symbol + power)
            between = prefix = power = ""
    return "".join(parts)


def number(spec: str) -> str:
    """LaTeX of a number: 1.5e-3 is 1.5 × 10⁻³."""
    match = NUMBER.fullmatch(spec.replace(" ", ""))
    if not match or not (match[1] or match[2]):
        return spec
    mantissa, exponent, rest = match.groups()
    power = f"10^{{{exponent.removeprefix('+')}}}" if exponent else ""
    uncertain = rest.replace("+-", "\\pm ").replace("x", "\\times ")
    return mantissa.replace(",", "{,}") + ("\\times " if mantissa and power else "") + power + uncertain


def _quantity(source: Reader) -> str:
    source.option()
    value = number(source.argument())
    source.option()
    return f"{{{value}\\,{unit(source.argument())}}}"


def _range(source: Reader, with_unit: bool) -> str:
    source.option()
    first, last = number(source.argument()), number(source.argument())
    return f"{{{first}\\text{{–}}{last}" + (f"\\,{unit(source.argument())}}}" if with_unit else "}")


def _one(source: Reader, read: Callable[[str], str]) -> str:
    source.option()
    return f"{{{read(source.argument())}}}"


def _pu(spec: str) -> str:
    spec = POWER.sub(r"\1^\2", spec.strip())
    value, _, rest = spec.partition(" ")
    if rest and value[:1] in "+-.0123456789":
        return f"{number(value)}\\,{unit(rest.replace(' ', '.'))}"
    return unit(spec.replace(" ", "."))


QUANTITIES: dict[str, Callable[[Reader], str]] = {
    "SI": _quantity,
    "qty": _quantity,
    "si": lambda source: _one(source, unit),
    "num": lambda source: _one(source, number),
    "pu": lambda source: _one(source, _pu),
    "ang": lambda source: _one(source, lambda spec: number(spec.split(";")[0]) + "\\text{°}"),
    "SIrange": lambda source: _range(source, True),
    "qtyrange": lambda source: _range(source, True),
    "numrange": lambda source: _range(source, False),
}
