"""Organization Management: what owners and administrators see and do."""
