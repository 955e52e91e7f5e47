"""Templates, senders and campaigns as the marketer sees them: composing, rendering, checking, launching."""
