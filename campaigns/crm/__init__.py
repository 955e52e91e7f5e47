"""What was done with contacts, what is to do next, what they bought."""
