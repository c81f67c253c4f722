"""What a verdict answers to people who ask: is it known to be bad, can somebody watch me, where does data go?"""
