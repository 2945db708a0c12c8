"""What several rooms need and users do not."""
