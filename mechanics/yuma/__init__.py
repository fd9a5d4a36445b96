"""A subnet's epoch: stake, weights and bonds to consensus, incentive, dividends, permits."""
