"""Fast twins of the law's hot rules on arrays: the same signatures, the same bits.

Where a case leaves the range that narrow integers hold, the law computes it.
"""
