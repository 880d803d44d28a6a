"""A simulated carrier: the part of Twilio's messaging API a texting application needs, and the phones it reaches."""
