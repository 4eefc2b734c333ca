"""What a scanned text means, and which codes a phone can read from the glass."""
