"""The rules of the chain's economics, to the bit: standard library only, no I/O, no clock, no floats."""
