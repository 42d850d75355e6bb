"""What is known of a case. Reads only; pages, mails, the register and reports ask here, so each fact has one place."""
