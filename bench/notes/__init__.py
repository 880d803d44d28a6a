"""1,000 conversations due in the same minute, against a simulated Lever that keeps Lever's rate."""
