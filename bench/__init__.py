"""The measurements, one command each. They print figures and ratios and judge nothing."""
