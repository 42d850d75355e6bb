"""What the office is: its settings, its SOP, its clock, its words. Pure."""
