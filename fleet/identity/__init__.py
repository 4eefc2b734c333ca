"""Who may speak to this fleet: its own certificate authority, enrolment, and who was caught twice."""
