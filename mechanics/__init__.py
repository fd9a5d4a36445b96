"""The rules of the chain's economics, to the bit: no I/O, no clock, no floats."""
