"""What is to run where and when: a state machine, messages in and out. No time, no process."""
